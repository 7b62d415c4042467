import { expect, it } from "vitest";
import { columns, sizeIn } from "./storage";

it("the columns of a project add up to what it takes", () => {
  const kinds = {
    ...{ pictures: 1, embeddings: 2, scores: 4, snapshots: 8 },
    ...{ exports: 16, models: 32, runs: 64, uploads: 128 },
  };
  const use = { project: 1, name: "pets", archived: false, kinds, total: 255 };
  expect(columns.map((column) => sizeIn(use, column))).toEqual([1, 6, 24, 96, 128]);
  expect(columns.reduce((sum, column) => sum + sizeIn(use, column), 0)).toBe(use.total);
});

it("what a project has none of takes no room", () => {
  const use = { project: 1, name: "pets", archived: false, kinds: {}, total: 0 };
  expect(columns.map((column) => sizeIn(use, column))).toEqual([0, 0, 0, 0, 0]);
});
