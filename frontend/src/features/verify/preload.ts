/** Thumbnails of whole pages, fetched and decoded ahead, so that the next page is there in the frame of the key. */
import type { VerifyPage, VerifyPicture } from "../../api/verify";
import { drawnWidth, sourceSet } from "./sources";

export interface CellSize {
  wide: number;
  tall: number;
}

interface Held {
  element: HTMLImageElement;
  state: "loading" | "ready" | "failed";
}

export class ThumbCache {
  private readonly pages = new Map<number, Map<number, Held>>();
  private readonly listeners = new Set<() => void>();
  private version = 0;
  private size: CellSize | null = null;
  private kept: VerifyPage[] = [];

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Changes whenever a page becomes ready, or a picture of it fails. */
  read = (): number => this.version;

  /** Pictures are asked for in the size of their cells: nothing is until that is known. */
  fitTo(size: CellSize): void {
    this.size = size;
    this.keep(this.kept);
  }

  /** Starts the pictures of these pages and lets go of the rest. */
  keep(pages: VerifyPage[]): void {
    this.kept = pages;
    if (!this.size) return;
    const wanted = new Set(pages.map((page) => page.id));
    for (const id of this.pages.keys()) if (!wanted.has(id)) this.pages.delete(id);
    for (const page of pages) {
      const held = this.pages.get(page.id) ?? new Map<number, Held>();
      this.pages.set(page.id, held);
      for (const picture of page.pictures)
        if (!held.has(picture.image.id)) held.set(picture.image.id, this.fetch(picture));
    }
  }

  /** True when every picture of the page has been decoded, or could not be. */
  ready(page: VerifyPage): boolean {
    const held = this.pages.get(page.id);
    if (!held || held.size < page.pictures.length || !page.pictures.length) return false;
    return [...held.values()].every(({ state }) => state !== "loading");
  }

  /** Images of the page that could not be shown. */
  failed(page: VerifyPage): Set<number> {
    const held = this.pages.get(page.id) ?? new Map<number, Held>();
    return new Set([...held].filter(([, { state }]) => state === "failed").map(([image]) => image));
  }

  /** Tries the failed pictures of a page once more. */
  retry(page: VerifyPage): void {
    const held = this.pages.get(page.id);
    if (!held) return;
    for (const picture of page.pictures)
      if (held.get(picture.image.id)?.state === "failed") held.set(picture.image.id, this.fetch(picture));
    this.changed();
  }

  private fetch({ image }: VerifyPicture): Held {
    const held: Held = { element: new Image(), state: "loading" };
    const { element } = held;
    const settle = (state: Held["state"]) => {
      held.state = state;
      const pages = this.kept.filter((page) => page.pictures.some((one) => one.image.id === image.id));
      if (state === "failed" || pages.some((page) => this.ready(page))) this.changed();
    };
    element.sizes = `${drawnWidth(image, this.size?.wide ?? 0, this.size?.tall ?? 0)}px`;
    element.srcset = sourceSet(image);
    element.src = image.urls.thumb;
    element.decode().then(
      () => settle("ready"),
      () => settle(element.complete && element.naturalWidth > 0 ? "ready" : "failed"),
    );
    return held;
  }

  private changed(): void {
    this.version += 1;
    for (const listener of this.listeners) listener();
  }
}
