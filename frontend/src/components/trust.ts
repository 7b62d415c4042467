/** How a picture's label came to be, by the server's number, in the words of the catalogue (`trust.…`). */
import type { GalleryPicture } from "../api/datasets";

export const trustNames = [
  "none",
  "imported",
  "certified",
  "page-verified",
  "human",
  "reviewed",
  "gold",
] as const;

export function trustName(trust: GalleryPicture["trust"]): (typeof trustNames)[number] {
  return trustNames[trust] ?? "none";
}
