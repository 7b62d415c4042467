/** Just enough Markdown for cards that the product writes itself: headings, lists, tables, code, links, bold. */

export type Block =
  | { kind: "heading"; level: number; text: string }
  | { kind: "paragraph"; text: string }
  | { kind: "list"; items: string[] }
  | { kind: "code"; text: string }
  | { kind: "table"; head: string[]; rows: string[][] };

const fence = /^```/;
const heading = /^(#{1,6})\s+(.*)$/;
const item = /^\s*(?:[-*]|\d+\.)\s+(.*)$/;
const rule = /^\|?[\s:|-]+\|[\s:|-]*$/;

const cells = (line: string) =>
  line
    .replace(/^\s*\|/, "")
    .replace(/\|\s*$/, "")
    .split("|")
    .map((cell) => cell.trim());

/** Lines from `at` on for as long as they fit. */
function taken(lines: string[], at: number, fits: (line: string) => boolean): string[] {
  let end = at;
  while (end < lines.length && fits(lines[end] ?? "")) end += 1;
  return lines.slice(at, end);
}

const startsBlock = (line: string) => fence.test(line) || heading.test(line) || item.test(line);

function blockAt(lines: string[], at: number): [Block | null, number] {
  const line = lines[at] ?? "";
  if (!line.trim()) return [null, 1];
  if (fence.test(line)) {
    const inside = taken(lines, at + 1, (one) => !fence.test(one));
    return [{ kind: "code", text: inside.join("\n") }, inside.length + 2];
  }
  const title = heading.exec(line);
  if (title) return [{ kind: "heading", level: (title[1] ?? "").length, text: title[2] ?? "" }, 1];
  if (item.test(line)) {
    const items = taken(lines, at, (one) => item.test(one));
    return [{ kind: "list", items: items.map((one) => item.exec(one)?.[1] ?? "") }, items.length];
  }
  if (line.includes("|") && rule.test(lines[at + 1] ?? "")) {
    const rows = taken(lines, at + 2, (one) => one.includes("|"));
    return [{ kind: "table", head: cells(line), rows: rows.map(cells) }, rows.length + 2];
  }
  const more = taken(lines, at + 1, (one) => one.trim() !== "" && !startsBlock(one));
  return [{ kind: "paragraph", text: [line, ...more].join(" ") }, more.length + 1];
}

/** The blocks of a text; a front matter between lines of three dashes is left out. */
export function blocks(text: string): Block[] {
  const lines = text.replace(/^---\n[\s\S]*?\n---\n/, "").split("\n");
  const found: Block[] = [];
  for (let at = 0; at < lines.length; ) {
    const [block, length] = blockAt(lines, at);
    if (block) found.push(block);
    at += length;
  }
  return found;
}

export type Span =
  | { kind: "text" | "code" | "bold"; text: string }
  | { kind: "link"; text: string; to: string };

const inline = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\((https?:[^)\s]+)\)/g;

/** A line's text cut into code, bold, links and the rest. */
export function spans(text: string): Span[] {
  const found: Span[] = [];
  let at = 0;
  for (const match of text.matchAll(inline)) {
    if (match.index > at) found.push({ kind: "text", text: text.slice(at, match.index) });
    const [whole, code, bold, name, to] = match;
    if (code !== undefined) found.push({ kind: "code", text: code });
    else if (bold !== undefined) found.push({ kind: "bold", text: bold });
    else found.push({ kind: "link", text: name ?? "", to: to ?? "" });
    at = match.index + whole.length;
  }
  if (at < text.length) found.push({ kind: "text", text: text.slice(at) });
  return found;
}
