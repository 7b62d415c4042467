import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = import.meta.dirname;
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) =>
  /\.(tsx?|css)$/.test(file),
);

function imports(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)];
  return found.map(([, path]) => relative(root, resolve(root, dirname(file), path ?? "")));
}

/** The part of the source a file belongs to: `features/labeling`, `components`, `api` … */
function part(file: string): string {
  const [first = "", second = ""] = file.split("/");
  return first === "features" ? `features/${second}` : first;
}

const allowed: Record<string, string[]> = {
  api: ["api"],
  commands: ["commands"],
  messages: ["messages"],
  components: ["components", "api", "commands", "messages"],
};

describe("imports go one way", () => {
  for (const file of files.filter((name) => name.includes("/")))
    it(`in ${file}`, () => {
      const own = part(file);
      const reach = allowed[own] ?? [own, "components", "api", "commands", "messages"];
      const astray = imports(file).filter((path) => !reach.includes(part(path)));
      expect(astray).toEqual([]);
    });
});

describe("files stay small", () => {
  it("has none of more than 400 lines", () => {
    const long = files.filter(
      (file) =>
        !file.endsWith("schema.d.ts") && readFileSync(join(root, file), "utf8").split("\n").length > 401,
    );
    expect(long).toEqual([]);
  });
});
