import { describe, expect, it } from "vitest";
import { staleKeys } from "./pulse";
import { keys } from "./queries";

describe("what a pulse makes stale", () => {
  it("is what its events touched, once, and always the overview", () => {
    const stale = staleKeys(5, [{ kind: "labelled" }, { kind: "labelled" }, { kind: "classes_changed" }]);
    expect(stale).toContainEqual(keys.overview(5));
    expect(stale).toContainEqual(keys.classes(5));
    expect(stale.filter((key) => key.includes("balance"))).toHaveLength(1);
  });

  it("is nothing when nothing happened", () => {
    expect(staleKeys(5, [])).toEqual([]);
  });

  it("is at least the overview for a kind that this page does not know", () => {
    expect(staleKeys(5, [{ kind: "something_new" }])).toContainEqual(keys.overview(5));
  });
});
