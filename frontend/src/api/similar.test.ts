import { describe, expect, it } from "vitest";
import { answers, askAgain, refused } from "./similar";

describe("several look-alikes get a label at once", () => {
  it("with an answer of its own for each, as it is seen now", () => {
    const given = answers(
      [
        { id: 7, label_version: 0 },
        { id: 9, label_version: 3 },
      ],
      5,
    );
    expect(
      given.map(({ image, labels, origin, seen_version }) => [image, labels, origin, seen_version]),
    ).toEqual([
      [7, [5], "bulk", 0],
      [9, [5], "bulk", 3],
    ]);
    expect(new Set(given.map((one) => one.client_id)).size).toBe(2);
  });

  it("and counts what was not taken", () => {
    const results = ["created", "conflict", "duplicate", "invalid"].map((status) => ({ status }));
    expect(refused({ results })).toBe(2);
  });
});

describe("look-alikes that are not there yet", () => {
  it("are asked for again while they are being found", () => {
    expect(askAgain("computing")).toBeGreaterThan(0);
    expect(askAgain("embedding")).toBeGreaterThan(0);
    expect([null, undefined, "blind", "unreadable"].map(askAgain)).toEqual([false, false, false, false]);
  });
});
