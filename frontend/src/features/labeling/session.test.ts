import { describe, expect, it } from "vitest";
import type { AnnotationItem, AnnotationRow } from "../../api/types";
import { task } from "./sampleTask";
import {
  answer,
  answeredTasks,
  emptyDesk,
  pace,
  receive,
  remember,
  setAside,
  takeBack,
  undoConfirmed,
} from "./session";

const row = (id: number, change: Partial<AnnotationRow> = {}): AnnotationRow => ({
  id,
  client_id: `old${id}`,
  image: task(id).image,
  verdict: "label",
  labels: [7],
  comment: "",
  blind: false,
  created_at: "2030-01-01T00:00:00Z",
  undone: false,
  ...change,
});

const nothing = new Set<number>();
const start = receive(emptyDesk, [task(1), task(2), task(3)], null, nothing);
const ahead = (desk: typeof start) => desk.ahead.map(({ id }) => id);

describe("the desk", () => {
  it("answers the current picture, brings the next one, and takes it back", () => {
    const answered = answer(start, "a", "label", [7], 1_000);
    expect(ahead(answered)).toEqual([2, 3]);
    expect(answered.given).toBe(1);

    const [back, last] = takeBack(answered);
    expect(last?.clientId).toBe("a");
    expect(ahead(back)).toEqual([1, 2, 3]);
    expect(back.given).toBe(0);
    expect(back.done).toEqual([]);
  });

  it("counts labels, not skips", () => {
    expect(answer(start, "a", "skip", [], 0).given).toBe(0);
  });

  it("never shows a leased task twice, nor one that is answered here already", () => {
    const desk = receive(start, [task(2), task(4), task(5)], null, new Set([4]));
    expect(ahead(desk)).toEqual([1, 2, 3, 5]);
  });

  it("does nothing at the ends: no picture to answer, no answer to take back", () => {
    expect(answer(emptyDesk, "a", "label", [7], 0)).toBe(emptyDesk);
    expect(takeBack(emptyDesk)).toEqual([emptyDesk, null]);
  });

  it("takes back what was said before a reload, once the server has given its task again", () => {
    const desk = remember(start, [row(9), row(8)]);
    expect(desk.done.map(({ clientId }) => clientId)).toEqual(["old8", "old9"]);

    const [back] = takeBack(desk);
    expect(back.ahead[0]).toMatchObject({ id: null, image: { id: 109 } });
    expect(back.awaiting).toBe(109);

    const confirmed = undoConfirmed(back, 109, task(9));
    expect(confirmed.ahead[0]?.id).toBe(9);
    expect(confirmed.awaiting).toBeNull();
  });

  it("leaves the suggestion on the screen as it was when an undo is confirmed", () => {
    const [back] = takeBack(answer(start, "a", "label", [7], 0));
    const other = { ...task(1), suggestion: null, lease_expires_at: "later" };
    const confirmed = undoConfirmed(back, 101, other);
    expect(confirmed.ahead[0]?.suggestion).toEqual(task(1).suggestion);
    expect(confirmed.ahead[0]?.lease_expires_at).toBe("later");
  });

  it("puts a picture aside whose undo was refused", () => {
    const [back] = takeBack(answer(start, "a", "label", [7], 0));
    expect(ahead(setAside(back, 101))).toEqual([2, 3]);
  });

  it("remembers neither undone answers nor the same one twice", () => {
    const desk = remember(start, [row(9, { undone: true }), row(8)]);
    expect(remember(desk, [row(8)]).done).toHaveLength(1);
  });
});

describe("what is answered here though the server may not know", () => {
  const item = (client_id: string, taskId: number, undoes?: string): AnnotationItem => ({
    client_id,
    task: taskId,
    image: taskId + 100,
    ...(undoes ? { undoes } : { verdict: "label" }),
  });

  it("are the tasks behind and the unsent ones, without those taken back", () => {
    const { done } = answer(start, "x", "label", [7], 0);
    const pending = [item("a", 4), item("b", 5), item("c", 5, "b")];
    expect([...answeredTasks(pending, done)].sort()).toEqual([1, 4]);
  });
});

describe("the pace", () => {
  it("is labels a minute over the last minutes, and nothing while there are few", () => {
    const times = [0, 2_000, 4_000, 6_000, 8_000, 10_000];
    expect(pace(times, 10_000)).toBeCloseTo(30);
    expect(pace(times.slice(0, 3), 10_000)).toBeNull();
    expect(pace(times, 900_000)).toBeNull();
  });
});
