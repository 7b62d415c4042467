/** Cases as the page works with them: which tab they are on, what the votes come to, who is asked again. Pure. */
import type { Case, CaseQuery } from "../../api/review";
import type { Ranked } from "../../api/types";

export type Tab = "open" | "sent_back" | "back" | "flags" | "resolved" | "agreement";

export const reviewerTabs: Tab[] = ["open", "sent_back", "resolved", "agreement"];
export const labelerTabs: Tab[] = ["back", "flags", "resolved"];

/** What the server is asked for on a tab; null where there are no cases. */
export function queryOf(tab: Tab, reviewer: boolean): CaseQuery | null {
  if (tab === "agreement") return null;
  if (tab === "flags") return { kind: "flag", mine: true };
  if (tab === "back") return { state: "sent_back", mine: true };
  return reviewer ? { state: tab } : { state: tab, mine: true };
}

/** The server's "mine" is wider than a tab: it also has pictures that one has voted on. */
export function onTab(one: Case, tab: Tab, user: number): boolean {
  if (tab === "back") return one.state === "sent_back" && one.assignee?.id === user;
  if (tab === "flags") return one.flag?.user.id === user;
  return one.state === tab;
}

/** The tab on which somebody finds a case that a link led to. */
export function tabOf(one: Case, reviewer: boolean, user: number): Tab {
  if (reviewer) return one.state;
  if (onTab(one, "back", user)) return "back";
  return one.state === "resolved" ? "resolved" : "flags";
}

export interface Ballot {
  labels: number[];
  voters: { id: number; name: string; at: string }[];
}

const keyOf = (labels: number[]) => [...labels].sort((a, b) => a - b).join();

/** The votes by what they say: most voters first, then who came first. */
export function ballots(votes: Case["votes"]): Ballot[] {
  const found = new Map<string, Ballot>();
  for (const { user, labels, created_at } of votes) {
    const voter = { id: user.id, name: user.name, at: created_at };
    const ballot = found.get(keyOf(labels));
    if (ballot) ballot.voters.push(voter);
    else found.set(keyOf(labels), { labels, voters: [voter] });
  }
  return [...found.values()].sort((a, b) => b.voters.length - a.voters.length);
}

/** What can be accepted with a digit: the votes, then the label that is set, then what the model says. */
export function choicesOf(one: Case, model: Ranked | null): Ballot[] {
  const said = ballots(one.votes);
  const has = (labels: number[]) => said.some((ballot) => keyOf(ballot.labels) === keyOf(labels));
  if (one.labels.length && !has(one.labels)) said.push({ labels: [...one.labels], voters: [] });
  if (!said.length && model) said.push({ labels: [model.class], voters: [] });
  return said;
}

/** A reviewer decides any case that is not closed; a labeler answers what came back. */
export function mayDecide(one: Case, reviewer: boolean, user: number): boolean {
  if (one.state === "resolved") return false;
  return reviewer || onTab(one, "back", user);
}

export interface Person {
  id: number;
  name: string;
}

/** Whom a case can go back to, the likeliest first: who flagged it, or who is alone with a vote. */
export function askable(one: Case, me: number): Person[] {
  const people = new Map<number, Person>();
  const add = ({ id, name }: Person) => id !== me && !people.has(id) && people.set(id, { id, name });
  if (one.flag) add(one.flag.user);
  for (const ballot of ballots(one.votes).reverse()) for (const voter of ballot.voters) add(voter);
  for (const comment of one.comments) add(comment.user);
  return [...people.values()];
}

/** The case to go on with when one leaves the list: what follows it, or else what came before. */
export function following(rows: { id: number }[], at: number): number | null {
  return rows[at + 1]?.id ?? rows[at - 1]?.id ?? null;
}
