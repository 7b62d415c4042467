/** The formats of an export, and which choices matter to each. */
import type { ExportDraft, ExportFormat } from "../../api/datasets";

export const formats = [
  "image_folder",
  "hugging_face",
  "csv",
  "jsonl",
  "parquet",
  "arrays",
] as const satisfies ExportFormat[];

export interface Form {
  snapshot: number | null;
  format: ExportFormat;
  archive: ExportDraft["archive"];
  pictures: ExportDraft["pictures"];
}

/** Whether the pictures themselves are inside. */
export const hasPictures = (format: ExportFormat): boolean =>
  format === "image_folder" || format === "hugging_face";

/** Whether it is several files in one archive, of a kind that can be chosen. */
export const hasArchive = (format: ExportFormat): boolean => hasPictures(format) || format === "arrays";

export function draftOf(form: Form): ExportDraft | null {
  return form.snapshot === null ? null : { ...form, snapshot: form.snapshot };
}
