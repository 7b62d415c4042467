import { describe, expect, it } from "vitest";
import type { Case } from "../../api/review";
import { askable, ballots, choicesOf, following, mayDecide, onTab, queryOf, tabOf } from "./cases";

const [lin, mara, jo, ada] = [
  { id: 1, name: "Lin" },
  { id: 2, name: "Mara" },
  { id: 3, name: "Jo" },
  { id: 4, name: "Ada" },
];
const vote = (user: { id: number; name: string }, ...labels: number[]) => ({
  user,
  labels,
  created_at: "2026-05-10T08:00:00Z",
  annotation: user.id,
});

function made(change: Partial<Case> = {}): Case {
  return {
    id: 7,
    kind: "disagreement",
    state: "open",
    image: {} as Case["image"],
    votes: [vote(lin, 10), vote(mara, 11), vote(jo, 11)],
    flag: null,
    comments: [],
    assignee: null,
    resolution: null,
    label: null,
    labels: [],
    trust: 0,
    label_version: 0,
    created_at: "",
    updated_at: "",
    ...change,
  };
}

const names = (list: { name: string }[]) => list.map(({ name }) => name);

describe("votes side by side", () => {
  it("come with the majority first, whoever voted first", () => {
    const found = ballots(made().votes);
    expect(found.map(({ labels }) => labels)).toEqual([[11], [10]]);
    expect(names(found[0]?.voters ?? [])).toEqual(["Mara", "Jo"]);
  });

  it("keep the order of the votes where no side has more", () => {
    expect(ballots([vote(lin, 10), vote(mara, 11)]).map(({ labels }) => labels[0])).toEqual([10, 11]);
  });

  it("are the same answer when they name the same classes in another order", () => {
    expect(ballots([vote(lin, 10, 9), vote(mara, 9, 10)])).toHaveLength(1);
  });
});

describe("what can be accepted", () => {
  it("is each vote, then the label that is set already", () => {
    expect(choicesOf(made({ labels: [12] }), null).map(({ labels }) => labels[0])).toEqual([11, 10, 12]);
    expect(choicesOf(made({ labels: [11] }), null)).toHaveLength(2);
  });

  it("is what the model says where nobody has named a class", () => {
    const flag = made({ kind: "flag", votes: [] });
    expect(choicesOf(flag, { class: 5, confidence: 0.4 })).toEqual([{ labels: [5], voters: [] }]);
    expect(choicesOf(flag, null)).toEqual([]);
    expect(choicesOf(made(), { class: 5, confidence: 0.9 })).toHaveLength(2);
  });
});

describe("who decides", () => {
  it("is a reviewer as long as the case is not closed", () => {
    expect(mayDecide(made(), true, ada.id)).toBe(true);
    expect(mayDecide(made({ state: "sent_back", assignee: lin }), true, ada.id)).toBe(true);
    expect(mayDecide(made({ state: "resolved" }), true, ada.id)).toBe(false);
  });

  it("is the labeler to whom it was sent back, and no other", () => {
    const back = made({ state: "sent_back", assignee: lin });
    expect(mayDecide(back, false, lin.id)).toBe(true);
    expect(mayDecide(back, false, mara.id)).toBe(false);
    expect(mayDecide(made(), false, lin.id)).toBe(false);
  });
});

describe("whom to ask again", () => {
  it("begins with who is alone with a vote, and leaves out who asks", () => {
    expect(names(askable(made(), ada.id))).toEqual(["Lin", "Mara", "Jo"]);
    expect(names(askable(made(), lin.id))).toEqual(["Mara", "Jo"]);
  });

  it("begins with who flagged the picture, and ends with who wrote of it", () => {
    const flagged = made({
      kind: "flag",
      votes: [],
      flag: { user: mara, comment: "two things", annotation: 3 },
      comments: [{ id: 1, user: jo, text: "I think so, too", created_at: "" }],
    });
    expect(names(askable(flagged, ada.id))).toEqual(["Mara", "Jo"]);
  });
});

describe("tabs", () => {
  it("show a labeler what came back and what they flagged, out of all that concerns them", () => {
    const back = made({ state: "sent_back", assignee: lin });
    expect(onTab(back, "back", lin.id)).toBe(true);
    expect(onTab(back, "back", mara.id)).toBe(false);
    const flagged = made({ kind: "flag", flag: { user: lin, comment: "", annotation: 1 } });
    expect(onTab(flagged, "flags", lin.id)).toBe(true);
    expect(onTab(made(), "flags", lin.id)).toBe(false);
  });

  it("ask the server for everybody's cases only as a reviewer", () => {
    expect(queryOf("open", true)).toEqual({ state: "open" });
    expect(queryOf("resolved", false)).toEqual({ state: "resolved", mine: true });
    expect(queryOf("agreement", true)).toBeNull();
  });

  it("open where the case of a link is", () => {
    expect(tabOf(made({ state: "sent_back", assignee: lin }), true, ada.id)).toBe("sent_back");
    expect(tabOf(made({ state: "sent_back", assignee: lin }), false, lin.id)).toBe("back");
    expect(tabOf(made({ state: "resolved" }), false, lin.id)).toBe("resolved");
  });
});

describe("after a decision", () => {
  it("the next case is there, or the one before at the end", () => {
    const rows = [{ id: 3 }, { id: 2 }, { id: 1 }];
    expect(following(rows, 0)).toBe(2);
    expect(following(rows, 2)).toBe(2);
    expect(following([{ id: 9 }], 0)).toBeNull();
  });
});
