/** What the names of chosen files say: which to leave out, their path inside the import, their class. */

export interface Chosen {
  file: File;
  path: string;
}

const litter = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;

/** The way to read a chosen folder: drops litter, and the outer folder when there are folders inside. */
export function tidy(files: Chosen[]): Chosen[] {
  const kept = files.filter(({ path }) => !litter.test(path));
  const parts = kept.map(({ path }) => path.split("/"));
  const root = parts[0]?.[0];
  const shared = parts.every((part) => part.length > 1 && part[0] === root);
  const deeper = parts.some((part) => part.length > 2);
  if (!shared || !deeper) return kept;
  return kept.map(({ file, path }) => ({ file, path: path.slice(path.indexOf("/") + 1) }));
}

const splits = new Set(["train", "training", "val", "valid", "validation", "test", "testing"]);

/** The class that a path names, if its folders are `class/file` or `split/class/file`. */
export function classOfPath(path: string): string | null {
  const folders = path.split("/").slice(0, -1);
  const rest = splits.has((folders[0] ?? "").toLowerCase()) ? folders.slice(1) : folders;
  return rest.length === 1 ? (rest[0] ?? null) : null;
}

/** Class folders with the number of files in each, most first. */
export function classFolders(files: Chosen[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const name = classOfPath(path);
    if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

export function isZip(path: string): boolean {
  return /\.zip$/i.test(path);
}

export const maxFilesPerCall = 64;
export const maxBytesPerCall = 16_000_000;

/** Cuts the files into calls of at most 64 files and 16 MB (a larger file goes alone). */
export function intoCalls(files: Chosen[]): Chosen[][] {
  const calls: Chosen[][] = [];
  let current: Chosen[] = [];
  let bytes = 0;
  for (const chosen of files) {
    const full = current.length >= maxFilesPerCall || bytes + chosen.file.size > maxBytesPerCall;
    if (current.length && full) {
      calls.push(current);
      current = [];
      bytes = 0;
    }
    current.push(chosen);
    bytes += chosen.file.size;
  }
  if (current.length) calls.push(current);
  return calls;
}

/** Files from an `<input type=file>`, with the folder path where a folder was chosen. */
export function fromInput(list: FileList): Chosen[] {
  return tidy([...list].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
}

function entriesOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

async function walk(entry: FileSystemEntry, found: Chosen[]): Promise<void> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    found.push({ file, path });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader hands out a directory in portions of about a hundred.
  for (let part = await entriesOf(reader); part.length; part = await entriesOf(reader))
    for (const child of part) await walk(child, found);
}

/** Files and whole folders from a drop. */
export async function fromDrop(transfer: DataTransfer): Promise<Chosen[]> {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry?.())
    .filter((entry) => entry != null);
  if (!entries.length) return fromInput(transfer.files);
  const found: Chosen[] = [];
  for (const entry of entries) await walk(entry, found);
  return tidy(found);
}
