import { describe, expect, it } from "vitest";
import { layout, moved, place, reveal, visible } from "./gridWindow";

const shape = { width: 1000, count: 1000, least: 120, gap: 8, heightOf: (width: number) => width + 24 };

describe("a long grid", () => {
  it("shares its width among as many columns as fit", () => {
    const grid = layout(shape);
    expect(grid.columns).toBe(7);
    expect(grid.columns * grid.cell + 6 * 8).toBeCloseTo(1000);
    expect(grid.cell).toBeGreaterThanOrEqual(120);
    expect(grid.height).toBeCloseTo(Math.ceil(1000 / 7) * (grid.tall + 8) - 8);
  });

  it("has one column where less than one fits, and no height without cells", () => {
    expect(layout({ ...shape, width: 60 }).columns).toBe(1);
    expect(layout({ ...shape, count: 0 }).height).toBe(0);
  });

  it("draws every cell that the view cuts, and not many more", () => {
    const grid = layout(shape);
    for (let top = 0; top < grid.height; top += 97) {
      const [first, last] = visible(grid, 8, 1000, top, 700);
      expect(last - first).toBeLessThanOrEqual((Math.ceil(700 / (grid.tall + 8)) + 4) * grid.columns);
      for (let index = 0; index < 1000; index++) {
        const above = place(grid, 8, index)[1];
        const seen = above + grid.tall > top && above < top + 700;
        if (seen) expect(index >= first && index < last).toBe(true);
      }
    }
  });

  it("scrolls no further than it must to show a cell whole", () => {
    const grid = layout(shape);
    expect(reveal(grid, 8, 3, 0, 700)).toBe(0);
    const [, above] = place(grid, 8, 400);
    expect(reveal(grid, 8, 400, 0, 700)).toBeCloseTo(above + grid.tall - 700);
    expect(reveal(grid, 8, 400, above + 500, 700)).toBe(above);
  });

  it("moves with the arrow keys and stops at its ends", () => {
    expect(moved("ArrowRight", 4, 7, 10)).toBe(5);
    expect(moved("ArrowDown", 1, 7, 10)).toBe(8);
    expect(moved("ArrowDown", 4, 7, 10)).toBe(4);
    expect(moved("ArrowLeft", 0, 7, 10)).toBe(0);
    expect([moved("Home", 5, 7, 10), moved("End", 5, 7, 10)]).toEqual([0, 9]);
    expect(moved("a", 5, 7, 10)).toBeNull();
  });
});
