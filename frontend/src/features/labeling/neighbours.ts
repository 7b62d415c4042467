/** Labelled pictures that look like the ones to come: asked for while the labeler rests, kept until they are shown. */
import type { Neighbours } from "../../api/guide";

type Ask = (image: number) => Promise<Neighbours>;

const atOnce = 2;
const mostKept = 60;

export class NeighbourCache {
  private readonly known = new Map<number, Neighbours>();
  private readonly asked = new Set<number>();
  private wanted: number[] = [];
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly ask: Ask,
    /** Begins to load the small pictures, so that they are there with their names. */
    private readonly preload: (thumb: string) => void = () => {},
  ) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  peek(image: number): Neighbours | undefined {
    return this.known.get(image);
  }

  /** Asks for these images, the first ones first; what was wanted before and not yet asked for is dropped. */
  want(images: number[]): void {
    this.wanted = images.filter((image) => !this.known.has(image) && !this.asked.has(image));
    this.next();
  }

  /** A new model sees other likenesses. */
  clear(): void {
    this.known.clear();
    this.tell();
  }

  private next(): void {
    while (this.asked.size < atOnce) {
      const image = this.wanted.shift();
      if (image === undefined) return;
      this.asked.add(image);
      void this.fetch(image);
    }
  }

  private async fetch(image: number): Promise<void> {
    try {
      const found = await this.ask(image);
      this.known.set(image, found);
      for (const { image: other } of found.results) this.preload(other.urls.thumb);
      const [oldest] = this.known.keys();
      if (this.known.size > mostKept && oldest !== undefined) this.known.delete(oldest);
      this.tell();
    } catch {
      // Nothing to show then; the next rest asks again.
    } finally {
      this.asked.delete(image);
      this.next();
    }
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

/** How many of the neighbours bear a label, and how many there are. */
export function votesFor({ results }: Neighbours, label: number | null | undefined): number {
  return results.filter((one) => one.label !== null && one.label === label).length;
}
