import { describe, expect, it } from "vitest";
import type { HistoryRow } from "../../api/history";
import { agreed, fateOf, named, placeOf, relabelled, toTakeBack } from "./rows";

function row(change: Partial<HistoryRow> & { nowLabels?: number[] } = {}): HistoryRow {
  const { nowLabels = [1], ...rest } = change;
  return {
    id: 10,
    client_id: "a",
    image: { id: 5 } as HistoryRow["image"],
    user: { id: 2, name: "Lin" },
    verdict: "label",
    labels: [1],
    comment: "",
    origin: "single",
    blind: false,
    vote: false,
    suggestion: { head: "v1.1", class: 1, confidence: 0.9 },
    applied: true,
    conflict: false,
    undone: false,
    now: { label: nowLabels[0] ?? null, labels: nowLabels, trust: 4, label_version: 1 },
    created_at: "2026-05-10T08:00:00Z",
    ...rest,
  } as HistoryRow;
}

describe("what became of an answer", () => {
  it("stands while the label is what was said, in any order", () => {
    expect(fateOf(row())).toBe("stands");
    expect(fateOf(row({ labels: [1, 2], nowLabels: [2, 1] }))).toBe("stands");
  });

  it("was changed when the label is another one now", () => {
    expect(fateOf(row({ nowLabels: [2] }))).toBe("changed");
    expect(fateOf(row({ nowLabels: [] }))).toBe("changed");
  });

  it("is a conflict when it was kept without setting the label, until both say the same", () => {
    expect(fateOf(row({ conflict: true, nowLabels: [2] }))).toBe("conflict");
    expect(fateOf(row({ conflict: true }))).toBe("stands");
  });

  it("is one vote of several as long as the picture has another label, or none", () => {
    expect(fateOf(row({ vote: true, applied: false, nowLabels: [] }))).toBe("vote");
  });

  it("is undone before anything else; what names no class stands", () => {
    expect(fateOf(row({ undone: true, conflict: true, nowLabels: [] }))).toBe("undone");
    expect(fateOf(row({ verdict: "skip", labels: [], nowLabels: [2] }))).toBe("stands");
  });
});

describe("an answer beside the model's suggestion", () => {
  it("agrees, differs, or cannot be compared", () => {
    expect(agreed(row())).toBe(true);
    expect(agreed(row({ labels: [2] }))).toBe(false);
    expect(agreed(row({ suggestion: null }))).toBeNull();
    expect(agreed(row({ verdict: "unsure", labels: [] }))).toBeNull();
  });
});

describe("naming a class", () => {
  it("replaces the label where there is one", () => {
    expect(named([1], 2, false)).toEqual([2]);
    expect(named([1], 1, false)).toEqual([1]);
  });

  it("adds or removes it where there are several", () => {
    expect(named([1], 2, true)).toEqual([1, 2]);
    expect(named([1, 2], 1, true)).toEqual([2]);
  });
});

describe("taking back", () => {
  const older = row({ id: 10, client_id: "old" });
  const newer = row({ id: 12, client_id: "new" });
  const others = row({ id: 14, client_id: "theirs", user: { id: 3, name: "Mara" } });

  it("means the last correction given here first", () => {
    const given = [
      { image: 5, clientId: "first" },
      { image: 6, clientId: "elsewhere" },
      { image: 5, clientId: "second" },
    ];
    expect(toTakeBack([older], older, 2, given.slice(0, 2))).toBe("first");
    expect(toTakeBack([older], older, 2, given)).toBe("second");
  });

  it("then the newest standing answer of one's own", () => {
    expect(toTakeBack([others, newer, older], older, 2, [])).toBe("new");
    expect(toTakeBack([others, { ...newer, undone: true }, older], older, 2, [])).toBe("old");
  });

  it("is nothing where one has said nothing", () => {
    expect(toTakeBack([others], others, 2, [])).toBeNull();
  });
});

describe("the list after the server's word", () => {
  it("shows a picture's label now on each of its rows, and what was undone", () => {
    const pages = [{ results: [row({ id: 12, client_id: "b" }), row({ id: 10 })], next: null }];
    const after = relabelled(pages, 5, { labels: [3], label: 3, label_version: 2 }, "b");
    expect(after[0]?.results.map(({ now }) => now.labels)).toEqual([[3], [3]]);
    expect(after[0]?.results.map(({ undone }) => undone)).toEqual([true, false]);
    expect(relabelled(pages, 99, { labels: [3] })[0]?.results[0]?.now.labels).toEqual([1]);
  });

  it("stays on the row that was current when others come before it", () => {
    const rows = [row({ id: 14 }), row({ id: 12 }), row({ id: 10 })];
    expect(placeOf(rows, 12)).toBe(1);
    expect(placeOf(rows, 3)).toBe(0);
    expect(placeOf([], null)).toBe(0);
  });
});
