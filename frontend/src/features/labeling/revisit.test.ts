import { describe, expect, it } from "vitest";
import type { AnnotationResult } from "../../api/types";
import { answerBefore, latest, learn, leave, revisit, revisiting } from "./revisit";
import { task } from "./sampleTask";
import { answer, emptyDesk, receive, takeBack } from "./session";

const result = (change: Partial<AnnotationResult> = {}): AnnotationResult => ({
  client_id: "a",
  status: "created",
  annotation: 1,
  label: 7,
  labels: [7],
  trust: 4,
  label_version: 3,
  message: "",
  task: null,
  ...change,
});

const start = receive(emptyDesk, [task(1), task(2), task(3)], null, new Set());
const two = answer(answer(start, "a", "label", [7], 0), "b", "skip", [], 0);
const ahead = (desk: typeof start) => desk.ahead.map(({ image }) => image.id);

describe("an earlier answer", () => {
  it("comes back to be corrected, and the pictures ahead wait", () => {
    const back = revisit(two, "a");
    expect(ahead(back)).toEqual([101, 103]);
    expect(back.ahead[0]?.id).toBeNull();
    expect(revisiting(back)).toBe(true);
    expect(revisiting(two)).toBe(false);
  });

  it("stands when one leaves it", () => {
    expect(leave(revisit(two, "a"))).toEqual(two);
    expect(leave(two)).toBe(two);
  });

  it("gives way to another one", () => {
    expect(ahead(revisit(revisit(two, "a"), "b"))).toEqual([102, 103]);
  });

  it("is found step by step, from the last to the first", () => {
    expect(answerBefore(two)?.clientId).toBe("b");
    expect(answerBefore(revisit(two, "b"))?.clientId).toBe("a");
    expect(answerBefore(revisit(two, "a"))).toBeNull();
    expect(answerBefore(start)).toBeNull();
  });

  it("that was corrected has one cell, with what was said last", () => {
    const corrected = answer(revisit(two, "a"), "c", "label", [8], 0);
    expect(ahead(corrected)).toEqual([103]);
    expect(latest(corrected.done).map(({ clientId }) => clientId)).toEqual(["b", "c"]);
  });

  it("is as it was when its correction is undone", () => {
    const corrected = answer(revisit(two, "a"), "c", "label", [8], 0);
    const [undone, last] = takeBack(corrected);
    expect(last?.clientId).toBe("c");
    expect(latest(undone.done).map(({ clientId }) => clientId)).toEqual(["a", "b"]);
  });

  it("is corrected over the version that the server told last", () => {
    const told = learn(two, 101, result());
    expect(revisit(told, "a").ahead[0]?.image).toMatchObject({ label: 7, label_version: 3 });
    expect(learn(two, 101, result({ status: "invalid" }))).toBe(two);
  });

  it("waits to be corrected until the server has it", () => {
    const waiting = revisit(two, "a", true);
    expect(waiting.awaiting).toBe(101);
    expect(learn(waiting, 101, result(), false).awaiting).toBe(101);
    expect(learn(waiting, 101, result()).awaiting).toBeNull();
    expect(leave(waiting).awaiting).toBeNull();
  });

  it("is left alone when it is unknown", () => {
    expect(revisit(two, "nobody")).toBe(two);
  });
});
