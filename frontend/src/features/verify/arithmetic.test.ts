import { describe, expect, it } from "vitest";
import { beside, cellAt, type Fit, fitPage, place, reveal, swept } from "./arithmetic";

const gap = 6;
const roomOf = (width: number, height: number, count: number, least = 72) => ({
  width,
  height,
  count,
  gap,
  least,
});
const extent = (grid: Fit) => ({
  width: grid.columns * (grid.wide + gap) - gap,
  height: grid.rows * (grid.tall + gap) - gap,
});

describe("the grid of a page", () => {
  it("puts sixty pictures on a laptop's screen as twelve by five that fill it", () => {
    const grid = fitPage(roomOf(1360, 700, 60));
    expect([grid.columns, grid.rows, grid.scrolls]).toEqual([12, 5, false]);
    expect(extent(grid).width).toBeCloseTo(1360);
    expect(extent(grid).height).toBeCloseTo(700);
  });

  const screens: [number, number][] = [
    [358, 520],
    [740, 900],
    [1360, 700],
    [1840, 860],
    [2480, 1200],
    [3760, 1900],
  ];
  const sizes = Array.from({ length: 10 }, (_, step) => 12 + step * 12);

  it.each(screens)("holds any number of pictures in %d by %d", (width, height) => {
    for (const count of sizes) {
      const grid = fitPage(roomOf(width, height, count));
      expect(grid.columns * grid.rows).toBeGreaterThanOrEqual(count);
      expect(grid.columns * (grid.rows - 1)).toBeLessThan(count);
      expect(grid.wide).toBeGreaterThanOrEqual(72);
      expect(grid.wide / grid.tall).toBeGreaterThan(0.67);
      expect(grid.wide / grid.tall).toBeLessThan(0.89);
      expect(extent(grid).width + 2 * grid.left).toBeLessThanOrEqual(width + 0.01);
      if (!grid.scrolls) expect(extent(grid).height).toBeLessThanOrEqual(height + 0.01);
    }
  });

  it("has smaller cells for more pictures", () => {
    const areas = sizes.map((count) => {
      const { wide, tall } = fitPage(roomOf(2480, 1200, count));
      return wide * tall;
    });
    expect(areas).toEqual([...areas].sort((a, b) => b - a));
  });

  it("scrolls on a phone rather than showing stamps", () => {
    const grid = fitPage(roomOf(358, 480, 60, 80));
    expect([grid.columns, grid.scrolls]).toEqual([4, true]);
    expect(grid.tall).toBeCloseTo(grid.wide / 0.75);
    expect(fitPage(roomOf(358, 480, 12, 80)).scrolls).toBe(false);
  });

  it("copes with no room and with no pictures", () => {
    expect(fitPage(roomOf(0, 0, 60)).columns).toBe(1);
    expect(fitPage(roomOf(800, 600, 0))).toMatchObject({ columns: 1, rows: 1 });
  });
});

describe("a point in the grid", () => {
  const grid = fitPage(roomOf(1360, 700, 60));

  it("belongs to the cell that is drawn there", () => {
    for (const index of [0, 11, 12, 37, 59]) {
      const [left, top] = place(grid, gap, index);
      expect(cellAt(grid, gap, 60, left + 1, top + 1)).toBe(index);
      expect(cellAt(grid, gap, 60, left + grid.wide - 1, top + grid.tall - 1)).toBe(index);
    }
  });

  it("belongs to none between cells, beside them and after the last", () => {
    const [left, top] = place(grid, gap, 13);
    expect(cellAt(grid, gap, 60, left - 2, top + 5)).toBeNull();
    expect(cellAt(grid, gap, 60, -3, 5)).toBeNull();
    expect(cellAt(grid, gap, 60, 5, -3)).toBeNull();
    expect(cellAt(grid, gap, 60, 1361, 5)).toBeNull();
    expect(cellAt(grid, gap, 58, left, 690)).not.toBeNull();
    expect(cellAt(grid, gap, 58, 1355, 690)).toBeNull();
  });

  it("moves over every cell on its way, however fast", () => {
    const middle = (index: number) => {
      const [left, top] = place(grid, gap, index);
      return { x: left + grid.wide / 2, y: top + grid.tall / 2 };
    };
    expect(swept(grid, gap, 60, middle(0), middle(5))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(swept(grid, gap, 60, middle(14), middle(14))).toEqual([14]);
    expect(swept(grid, gap, 60, middle(2), middle(26))).toEqual([2, 14, 26]);
  });
});

describe("what floats beside a cell", () => {
  const room = { width: 1000, height: 600 };
  const thing = { width: 240, height: 180 };

  it("stands at its right, and ends where it ends", () => {
    expect(beside({ left: 100, top: 300, width: 100, height: 130 }, thing, room)).toEqual([212, 250]);
  });

  it("stands at its left where the right is too near", () => {
    expect(beside({ left: 800, top: 300, width: 100, height: 130 }, thing, room)[0]).toBe(548);
  });

  it("stays in the room", () => {
    expect(beside({ left: 100, top: 0, width: 100, height: 130 }, thing, room)[1]).toBe(0);
    expect(beside({ left: 10, top: 0, width: 100, height: 130 }, thing, { width: 260, height: 600 })[0]).toBe(
      20,
    );
  });
});

it("a cell outside the view is scrolled to, and no farther", () => {
  const grid = fitPage(roomOf(358, 480, 60, 80));
  const row = grid.tall + gap;
  expect(reveal(grid, gap, 0, 300, 480)).toBe(0);
  expect(reveal(grid, gap, 4, 0, 480)).toBe(0);
  expect(reveal(grid, gap, 40, 0, 480)).toBeCloseTo(10 * row + grid.tall - 480);
});
