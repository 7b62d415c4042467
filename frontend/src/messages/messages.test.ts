import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import en from "./en.json";
import zh from "./zh-CN.json";

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, prefix = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string" ? [[prefix + key, value] as [string, string]] : flat(value, `${prefix}${key}.`),
  );
}

const withoutPlural = (key: string) => key.replace(/_(one|other)$/, "");
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

describe("the catalogues", () => {
  it("have the same keys in both languages", () => {
    const keys = (tree: Tree) => [...new Set(flat(tree).map(([key]) => withoutPlural(key)))].sort();
    expect(keys(zh)).toEqual(keys(en));
  });

  it("use the same placeholders in both languages", () => {
    const english = new Map(flat(en).map(([key, text]) => [key, placeholders(text)]));
    for (const [key, text] of flat(zh)) expect([key, placeholders(text)]).toEqual([key, english.get(key)]);
  });

  it("hold no empty words", () => {
    for (const [key, text] of [...flat(en), ...flat(zh)]) expect([key, text.trim()]).not.toEqual([key, ""]);
  });

  it("hold no words that no page uses", () => {
    const root = join(import.meta.dirname, "..");
    const source = readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((file) => /\.tsx?$/.test(file) && !file.includes(".test."))
      .map((file) => readFileSync(join(root, file), "utf8"))
      .join("\n");
    const dynamic = [...source.matchAll(/`([a-zA-Z]+(?:\.[a-zA-Z]+)*)\.\$\{/g)].map(
      (match) => `${match[1]}.`,
    );
    const built = [...source.matchAll(/`([a-z]+)\.\$\{\w+\}(Title|Text)`/g)];
    const used = (key: string) =>
      source.includes(`"${key}"`) ||
      dynamic.some((prefix) => key.startsWith(prefix)) ||
      built.some((match) => key.startsWith(`${match[1]}.`) && key.endsWith(match[2] ?? ""));
    const unused = flat(en)
      .map(([key]) => withoutPlural(key))
      .filter((key) => !used(key));
    expect(unused).toEqual([]);
  });
});
