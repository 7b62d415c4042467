/** What the gallery shows, kept in its address so that a link opens the same pictures. */
import type { GalleryQuery } from "../../api/datasets";

export const ofs = ["labelled", "suggested"] as const;
export const orders = ["-confidence", "confidence", "newest"] as const;

function oneOf<T extends string>(choices: readonly T[], value: string | null, otherwise: T): T {
  return choices.find((choice) => choice === value) ?? otherwise;
}

export function readQuery(search: URLSearchParams): GalleryQuery {
  const id = Number(search.get("class"));
  return {
    class: Number.isSafeInteger(id) && id > 0 ? id : undefined,
    of: oneOf(ofs, search.get("of"), "labelled"),
    order: oneOf(orders, search.get("order"), "-confidence"),
  };
}

/** The address of a query, without what is the default anyway. */
export function writeQuery(query: GalleryQuery): URLSearchParams {
  const search = new URLSearchParams();
  if (query.class) search.set("class", String(query.class));
  if (query.of !== "labelled") search.set("of", query.of);
  if (query.order !== "-confidence") search.set("order", query.order);
  return search;
}
