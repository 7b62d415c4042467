import { describe, expect, it } from "vitest";
import { type Chosen, classFolders, classOfPath, intoCalls, maxFilesPerCall, tidy } from "./paths";

const chosen = (path: string, size = 1): Chosen => ({
  path,
  file: { size, name: path.split("/").at(-1) } as File,
});
const paths = (list: Chosen[]) => list.map(({ path }) => path);

describe("the files of a chosen folder", () => {
  it("lose the outer folder when there are folders inside", () => {
    const files = [chosen("wardrobe/shirt/1.jpg"), chosen("wardrobe/readme.txt")];
    expect(paths(tidy(files))).toEqual(["shirt/1.jpg", "readme.txt"]);
  });

  it("keep a folder that may be a class", () => {
    expect(paths(tidy([chosen("shirt/1.jpg"), chosen("shirt/2.jpg")]))).toEqual([
      "shirt/1.jpg",
      "shirt/2.jpg",
    ]);
  });

  it("keep several dropped folders", () => {
    const both = [chosen("shirt/1.jpg"), chosen("coat/old/2.jpg")];
    expect(paths(tidy(both))).toEqual(paths(both));
  });

  it("are without what systems leave lying about", () => {
    const litter = ["a/.DS_Store", "__MACOSX/a/1.jpg", "a/Thumbs.db", ".git/x", "a/1.jpg"];
    expect(paths(tidy(litter.map((path) => chosen(path))))).toEqual(["a/1.jpg"]);
  });
});

describe("the class of a path", () => {
  it("is its folder, with or without a split above", () => {
    expect(classOfPath("shirt/1.jpg")).toBe("shirt");
    expect(classOfPath("train/shirt/1.jpg")).toBe("shirt");
    expect(classOfPath("1.jpg")).toBeNull();
    expect(classOfPath("train/1.jpg")).toBeNull();
    expect(classOfPath("a/b/c/1.jpg")).toBeNull();
  });

  it("is counted, most files first", () => {
    const files = ["coat/1.jpg", "hat/1.jpg", "hat/2.jpg"].map((path) => chosen(path));
    expect(classFolders(files)).toEqual([
      ["hat", 2],
      ["coat", 1],
    ]);
  });
});

describe("upload calls", () => {
  it("hold at most 64 files and 16 MB, in order; a larger file goes alone", () => {
    const small = Array.from({ length: maxFilesPerCall + 1 }, (_, index) => chosen(`${index}.jpg`));
    expect(intoCalls(small).map((call) => call.length)).toEqual([64, 1]);
    const sizes = [10e6, 5e6, 2e6, 90e6, 1];
    const calls = intoCalls(sizes.map((size, index) => chosen(`${index}`, size)));
    expect(calls.map((call) => call.map(({ file }) => file.size))).toEqual([[10e6, 5e6], [2e6], [90e6], [1]]);
    expect(intoCalls([])).toEqual([]);
  });
});
