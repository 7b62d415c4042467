/** How the many kinds of stored things are summed up in the few columns of the storage page. */
import type { ProjectUse } from "../../api/site";

export const columns = [
  { name: "pictures", kinds: ["pictures"] },
  { name: "arrays", kinds: ["embeddings", "scores"] },
  { name: "snapshots", kinds: ["snapshots", "exports"] },
  { name: "models", kinds: ["models", "runs"] },
  { name: "uploads", kinds: ["uploads"] },
] as const;

export function sizeIn(use: ProjectUse, column: (typeof columns)[number]): number {
  return column.kinds.reduce((sum, kind) => sum + (use.kinds[kind] ?? 0), 0);
}
