/** Which derivative of a picture a cell needs on this screen: arithmetic that the browser and the preloader share. */
import type { ImageBrief } from "../../api/types";

const thumbLong = 256;
const modelShort = 320;
const previewLong = 1_280;

type Picture = Pick<ImageBrief, "width" | "height" | "urls">;

/** The derivatives with their true widths, as an image's `srcset` wants them. */
export function sourceSet({ width, height, urls }: Picture): string {
  const [long, short] = [Math.max(width, height, 1), Math.max(1, Math.min(width, height))];
  const wide = (scale: number) => Math.max(1, Math.round(width * Math.min(1, scale)));
  const widths: [string, number][] = [
    [urls.thumb, wide(thumbLong / long)],
    [urls.model, wide(modelShort / short)],
    [urls.preview, wide(previewLong / long)],
  ];
  const seen = new Set<number>();
  return widths
    .filter(([, pixels]) => !seen.has(pixels) && seen.add(pixels))
    .map(([url, pixels]) => `${url} ${pixels}w`)
    .join(", ");
}

/** How wide the whole picture is drawn when it covers a cell, in CSS pixels. */
export function drawnWidth({ width, height }: Picture, wide: number, tall: number): number {
  return Math.ceil(Math.max(wide, (tall * Math.max(1, width)) / Math.max(1, height)));
}
