import { expect, it } from "vitest";
import { drawnWidth, sourceSet } from "./sources";

const picture = (width: number, height: number) => ({
  width,
  height,
  urls: { thumb: "t", model: "m", preview: "p" },
});

it("tells the true width of every derivative", () => {
  expect(sourceSet(picture(3000, 4000))).toBe("t 192w, m 320w, p 960w");
  expect(sourceSet(picture(4000, 3000))).toBe("t 256w, m 427w, p 1280w");
});

it("names a width once: of small pictures the derivatives are alike", () => {
  expect(sourceSet(picture(200, 150))).toBe("t 200w");
});

it("knows how wide a picture is drawn that covers its cell", () => {
  expect(drawnWidth(picture(300, 400), 108, 135)).toBe(108);
  expect(drawnWidth(picture(400, 300), 108, 135)).toBe(180);
  expect(drawnWidth(picture(0, 0), 108, 135)).toBe(135);
});
