import { describe, expect, it } from "vitest";
import type { Task } from "../../api/types";
import type { Done } from "./session";
import { carriedOver, startingSet, toggled } from "./sets";

const [coat, hat, bag] = [1, 2, 3];

function task(part: Partial<Task> = {}): Task {
  const image = { id: 7 } as Task["image"];
  const suggestion = {
    head: "v1.1",
    class: coat,
    confidence: 0.9,
    top: [
      { class: coat, confidence: 0.9 },
      { class: hat, confidence: 0.6 },
      { class: bag, confidence: 0.1 },
    ],
    suggested: [coat, hat],
  };
  return { id: 1, image, suggestion, blind: false, ...part } as Task;
}

describe("the set of a picture", () => {
  it("begins with what the model takes for present, and a key takes a class in or out", () => {
    const set = startingSet(task(), []);
    expect(set).toEqual([coat, hat]);
    expect(toggled(set, bag)).toEqual([coat, hat, bag]);
    expect(toggled(set, coat)).toEqual([hat]);
  });

  it("is empty where nothing is suggested", () => {
    expect(startingSet(task({ suggestion: null, blind: true }), [])).toEqual([]);
    expect(startingSet(undefined, [])).toEqual([]);
  });

  it("begins with what one said before when a picture comes back", () => {
    const old = task({ id: null });
    const done: Done[] = [
      { clientId: "a", task: task(), verdict: "label", labels: [coat] },
      { clientId: "b", task: task(), verdict: "label", labels: [bag] },
    ];
    expect(startingSet(old, done)).toEqual([bag]);
    expect(startingSet(task(), done)).toEqual([coat, hat]);
  });

  it("is what it was after a class was taken in and out again, whatever else happened", () => {
    for (const steps of [[bag], [bag, hat], [hat, coat, bag], []])
      for (const id of [coat, hat, bag]) {
        const set = steps.reduce<readonly number[]>(toggled, [coat, hat]);
        const again = toggled(toggled(set, id), id);
        expect([...again].sort()).toEqual([...set].sort());
        expect(new Set(again).size).toBe(again.length);
      }
  });

  it("is never changed in place", () => {
    const set = Object.freeze([coat, hat]);
    toggled(set, hat);
    toggled(set, bag);
    expect(set).toEqual([coat, hat]);
  });

  it("does not go over to the next picture, and comes back with its own", () => {
    const next = task({ id: 2, image: { id: 8 } as Task["image"] });
    const old = { ahead: [task(), next], chosen: [bag], open: 5 };
    const moved = { ...old, ahead: [next] };
    expect(carriedOver(old, moved, null)).toEqual({ ahead: [next], chosen: null, open: null });
    expect(carriedOver(moved, old, [hat])).toEqual({ ...old, chosen: [hat], open: null });
    expect(carriedOver(old, { ...old, ahead: [task({ id: 9 }), next] }, null).chosen).toEqual([bag]);
  });
});
