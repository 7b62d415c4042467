import { describe, expect, it } from "vitest";
import { current, type Focus } from "./focus";

const point = (id: number, user: number | null, waiting: number): Focus => ({
  id,
  user: user === null ? null : { id: user, name: `person ${user}` },
  class: 1,
  filter: {},
  batch_name: null,
  waiting,
  created_by: null,
  created_at: "2026-01-01T00:00:00Z",
});

describe("the focus that counts for a person", () => {
  it("is the own one, then everybody's", () => {
    expect(current([point(1, null, 5), point(2, 7, 3)], 7)?.id).toBe(2);
    expect(current([point(1, null, 5), point(2, 8, 3)], 7)?.id).toBe(1);
    expect(current([point(2, 8, 3)], 7)).toBeNull();
  });

  it("gives way when nothing is left in it, and is told when nothing is left in either", () => {
    expect(current([point(1, null, 5), point(2, 7, 0)], 7)?.id).toBe(1);
    expect(current([point(1, null, 0), point(2, 7, 0)], 7)?.id).toBe(2);
  });
});
