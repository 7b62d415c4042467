/** What lies before a person who verifies: the page on the screen, those behind and before it, the exceptions. Pure. */
import type { VerifyException, VerifyPage, VerifyReason } from "../../api/verify";

/** What is said of an exception; `later` is said of one that has not got its answer yet. */
export interface Mark {
  verdict: "label" | "unsure" | "skip" | "flag" | "later";
  label: number | null;
}

export interface Done {
  clientId: string;
  page: VerifyPage;
  /** Its number among the pages of its class. */
  number: number;
  /** By image. */
  marks: [number, Mark][];
  label: number | null;
}

export interface Pages {
  /** ahead[0] is on the screen. */
  ahead: VerifyPage[];
  /** Exceptions by image: they stay with their picture, on whatever page it comes. */
  marks: ReadonlyMap<number, Mark>;
  /** Class given to a page of look-alikes, by page. */
  labels: ReadonlyMap<number, number>;
  /** Index of the cell that the keys are about. */
  focused: number;
  /** Images about which the popover asks; none: it is closed. */
  asking: number[];
  /** A class with children whose children are asked for. */
  group: number | null;
  /** Oldest first; the last one is what Z takes back. */
  done: Done[];
  /** A page that the server has not yet given back. */
  awaiting: number | null;
  /** Pictures of this kind that wait on the server, beyond those in hand. */
  waiting: number;
  reason: VerifyReason | null;
}

export const noPages: Pages = {
  ahead: [],
  marks: new Map(),
  labels: new Map(),
  focused: 0,
  asking: [],
  group: null,
  done: [],
  awaiting: null,
  waiting: 0,
  reason: null,
};

export type Step =
  | { do: "receive"; pages: VerifyPage[]; waiting: number; reason: VerifyReason | null; settled: Set<number> }
  | { do: "focus"; index: number }
  | { do: "toggle"; images: number[] }
  | { do: "paint"; images: number[]; on: boolean }
  | { do: "ask"; images: number[] }
  | { do: "open-group"; group: number | null }
  | { do: "say"; mark: Mark }
  | { do: "close" }
  | { do: "label-page"; label: number }
  | { do: "confirm"; clientId: string }
  | { do: "take-back"; awaits: boolean }
  | { do: "given-back"; page: number; now: VerifyPage }
  | { do: "stands"; page: number }
  | { do: "lost"; clientId: string }
  | { do: "put-away" }
  | { do: "remember"; done: Done[]; marks: [number, Mark][] };

export const current = (pages: Pages): VerifyPage | undefined => pages.ahead[0];

export function focusedImage(pages: Pages): number | undefined {
  return current(pages)?.pictures[pages.focused]?.image.id;
}

/** Images of the page on the screen that are exceptions, in its order. */
export function exceptionsOf(pages: Pages, page: VerifyPage): number[] {
  return page.pictures.map(({ image }) => image.id).filter((id) => pages.marks.has(id));
}

/** The class that the page's pictures get; null where it has yet to be given. */
export function labelOf(pages: Pages, page: VerifyPage): number | null {
  return pages.labels.get(page.id) ?? page.class;
}

/** The place of a page among those of its kind that were confirmed in this session, from 1. */
export function numberOf(pages: Pages, page: Pick<VerifyPage, "mode" | "class">): number {
  const alike = (one: Pick<VerifyPage, "mode" | "class">) =>
    one.mode === page.mode && (page.mode === "cluster" || one.class === page.class);
  return pages.done.filter((done) => alike(done.page)).length + 1;
}

/** What a confirmation says of the exceptions; `unseen` pictures could not be shown, so nothing is said of them. */
export function exceptionsToSend(pages: Pages, page: VerifyPage, unseen: Set<number>): VerifyException[] {
  return page.pictures.flatMap(({ task, image }): VerifyException[] => {
    const mark: Mark | undefined =
      pages.marks.get(image.id) ?? (unseen.has(image.id) ? { verdict: "skip", label: null } : undefined);
    if (!mark) return [];
    const verdict = mark.verdict === "later" ? "skip" : mark.verdict;
    return [{ task, verdict, labels: mark.label === null ? [] : [mark.label], comment: "" }];
  });
}

/** Mistakes that may be left on the page, after those that were found. */
export function mistakesLeft(pages: Pages, page: VerifyPage): number {
  return Math.max(0, Math.round(page.expected_mistakes - exceptionsOf(pages, page).length));
}

const later: Mark = { verdict: "later", label: null };

function marked(pages: Pages, images: number[], mark: Mark | null): ReadonlyMap<number, Mark> {
  const marks = new Map(pages.marks);
  for (const image of images) {
    if (mark) marks.set(image, mark);
    else marks.delete(image);
  }
  return marks;
}

const closed = { asking: [] as number[], group: null };

function indexOf(pages: Pages, image: number | undefined): number {
  return current(pages)?.pictures.findIndex((one) => one.image.id === image) ?? -1;
}

function toggle(pages: Pages, images: number[]): Pages {
  const [first] = images;
  if (first === undefined) return pages;
  const focused = Math.max(0, indexOf(pages, images.at(-1)));
  if (pages.marks.has(first)) return { ...pages, ...closed, focused, marks: marked(pages, images, null) };
  return { ...pages, focused, marks: marked(pages, images, later), asking: images, group: null };
}

function say(pages: Pages, mark: Mark): Pages {
  const page = current(pages);
  const one = focusedImage(pages);
  const images = pages.asking.length ? pages.asking : one === undefined ? [] : [one];
  if (!page || !images.length) return pages;
  const last = Math.max(...images.map((image) => indexOf(pages, image)));
  const focused = Math.min(last + 1, page.pictures.length - 1);
  return { ...pages, ...closed, focused, marks: marked(pages, images, mark) };
}

function confirm(pages: Pages, clientId: string): Pages {
  const [page, ...ahead] = pages.ahead;
  if (!page) return pages;
  const images = exceptionsOf(pages, page);
  const marks = images.flatMap((image): [number, Mark][] => {
    const mark = pages.marks.get(image);
    return mark ? [[image, mark]] : [];
  });
  const done: Done = { clientId, page, marks, number: numberOf(pages, page), label: labelOf(pages, page) };
  return {
    ...pages,
    ...closed,
    ahead,
    focused: 0,
    marks: marked(pages, images, null),
    done: [...pages.done, done],
  };
}

function takeBack(pages: Pages, awaits: boolean): Pages {
  const last = pages.done.at(-1);
  if (!last) return pages;
  const { page } = last;
  const marks = new Map(pages.marks);
  for (const [image, mark] of last.marks) marks.set(image, mark);
  const labels = new Map(pages.labels);
  if (page.mode === "cluster" && last.label !== null) labels.set(page.id, last.label);
  return {
    ...pages,
    ...closed,
    marks,
    labels,
    ahead: [page, ...pages.ahead],
    focused: 0,
    done: pages.done.slice(0, -1),
    awaiting: awaits ? page.id : pages.awaiting,
  };
}

function givenBack(pages: Pages, id: number, now: VerifyPage): Pages {
  const labels = new Map(pages.labels);
  const label = labels.get(id);
  if (label !== undefined) labels.set(now.id, label);
  return {
    ...pages,
    labels,
    ahead: pages.ahead.map((page) => (page.id === id ? now : page)),
    awaiting: pages.awaiting === id ? null : pages.awaiting,
  };
}

function receive(pages: Pages, step: Extract<Step, { do: "receive" }>): Pages {
  const here = new Set(pages.ahead.map((page) => page.id));
  const fresh = step.pages.filter((page) => !here.has(page.id) && !step.settled.has(page.id));
  const expires = new Map(step.pages.map((page) => [page.id, page.lease_expires_at]));
  const renewed = pages.ahead.map((page) => ({
    ...page,
    lease_expires_at: expires.get(page.id) ?? page.lease_expires_at,
  }));
  return { ...pages, ahead: [...renewed, ...fresh], waiting: step.waiting, reason: step.reason };
}

const without = (pages: Pages, id: number): Pages => ({
  ...pages,
  ...closed,
  ahead: pages.ahead.filter((page) => page.id !== id),
  awaiting: pages.awaiting === id ? null : pages.awaiting,
  focused: 0,
});

/** The next state after a step. */
export function reduce(pages: Pages, step: Step): Pages {
  switch (step.do) {
    case "receive":
      return receive(pages, step);
    case "focus":
      return { ...pages, ...closed, focused: step.index };
    case "toggle":
      return toggle(pages, step.images);
    case "paint":
      return { ...pages, ...closed, marks: marked(pages, step.images, step.on ? later : null) };
    case "ask":
      return { ...pages, asking: step.images, group: null };
    case "open-group":
      return { ...pages, group: step.group };
    case "say":
      return say(pages, step.mark);
    case "close":
      return pages.group === null ? { ...pages, ...closed } : { ...pages, group: null };
    case "label-page": {
      const page = current(pages);
      if (!page) return pages;
      return { ...pages, ...closed, labels: new Map(pages.labels).set(page.id, step.label) };
    }
    case "confirm":
      return confirm(pages, step.clientId);
    case "take-back":
      return takeBack(pages, step.awaits);
    case "given-back":
      return givenBack(pages, step.page, step.now);
    case "stands":
      return without(pages, step.page);
    case "lost":
      return { ...pages, done: pages.done.filter((done) => done.clientId !== step.clientId) };
    case "put-away":
      return { ...pages, ...closed, ahead: [], focused: 0, awaiting: null, reason: null };
    case "remember":
      return {
        ...pages,
        done: [...step.done, ...pages.done],
        marks: new Map([...step.marks, ...pages.marks]),
      };
  }
}
