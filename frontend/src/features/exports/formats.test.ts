import { describe, expect, it } from "vitest";
import { draftOf, type Form, formats, hasArchive, hasPictures } from "./formats";

describe("the formats of an export", () => {
  it("ask only for what matters to them", () => {
    expect(formats.filter(hasPictures)).toEqual(["image_folder", "hugging_face"]);
    expect(formats.filter(hasArchive)).toEqual(["image_folder", "hugging_face", "arrays"]);
  });

  it("are sent for the chosen snapshot, and not without one", () => {
    const form: Form = { snapshot: 3, format: "csv", archive: "zip", pictures: "original" };
    expect(draftOf(form)).toEqual(form);
    expect(draftOf({ ...form, snapshot: null })).toBeNull();
  });
});
