import { describe, expect, it } from "vitest";
import type { RecipeField } from "../api/modeling";
import { blocks, spans } from "./markdown";
import { flattened, nested, overrides, settingErrors, wrong } from "./recipe";

const preset = { epochs: 15, lr: 0.002, augmentation: { rotation: 10, flip_vertical: false } };

describe("the settings of a run", () => {
  it("are nested for the server and flat for the form", () => {
    const flat = { epochs: 15, lr: 0.002, "augmentation.rotation": 10, "augmentation.flip_vertical": false };
    expect(flattened(preset)).toEqual(flat);
    expect(nested(flat)).toEqual(preset);
  });

  it("are sent only where they differ from the preset", () => {
    const changes = { epochs: 15, lr: 0.01, "augmentation.rotation": 20 };
    expect(overrides(changes, preset)).toEqual({ lr: 0.01, augmentation: { rotation: 20 } });
  });

  it("keep their bounds", () => {
    const field: RecipeField = {
      name: "epochs",
      type: "integer",
      low: 1,
      high: 100,
      choices: [],
      default: 15,
    };
    expect(wrong(field, 20)).toBeNull();
    expect(wrong(field, 101)).toBe("bounds");
    expect(wrong(field, 2.5)).toBe("whole");
    expect(wrong(field, Number.NaN)).toBe("number");
    expect(wrong({ ...field, type: "number" }, 2.5)).toBeNull();
    expect(wrong({ ...field, type: "boolean" }, true)).toBeNull();
  });

  it("have their errors under their names, however the server calls them", () => {
    expect(settingErrors({ "recipe.lr": ["too high"], name: ["missing"] })).toEqual({
      lr: ["too high"],
      name: ["missing"],
    });
  });
});

describe("a model card in Markdown", () => {
  it("is cut into headings, paragraphs, lists, tables and code; the front matter is left out", () => {
    const text = [
      "---",
      "license: apache-2.0",
      "---",
      "# v3",
      "One line",
      "and the next.",
      "",
      "- a",
      "- b",
      "",
      "| class | n |",
      "|---|---:|",
      "| coat | 5 |",
      "",
      "```python",
      "# no heading",
      "```",
    ].join("\n");
    expect(blocks(text)).toEqual([
      { kind: "heading", level: 1, text: "v3" },
      { kind: "paragraph", text: "One line and the next." },
      { kind: "list", items: ["a", "b"] },
      { kind: "table", head: ["class", "n"], rows: [["coat", "5"]] },
      { kind: "code", text: "# no heading" },
    ]);
  });

  it("links only to the web, and HTML in it stays text", () => {
    expect(spans("see **this** `code` and [there](https://example.org)")).toEqual([
      { kind: "text", text: "see " },
      { kind: "bold", text: "this" },
      { kind: "text", text: " " },
      { kind: "code", text: "code" },
      { kind: "text", text: " and " },
      { kind: "link", text: "there", to: "https://example.org" },
    ]);
    for (const text of ["[x](javascript:alert(1))", "<script>alert(1)</script>"])
      expect(spans(text)).toEqual([{ kind: "text", text }]);
  });
});
