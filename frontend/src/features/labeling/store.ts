/** Where unsent annotations are kept until the server has them: one entry an item, written at once. */
import type { AnnotationItem } from "../../api/types";

export interface Kept {
  /** Position in the order of speaking; grows with every item. */
  order: number;
  item: AnnotationItem;
}

export interface KeptStore {
  load(): Kept[];
  put(kept: Kept): void;
  remove(clientId: string): void;
}

/**
 * Local storage writes before the key press is over, so that a crash in the next millisecond loses nothing.
 * Entries carry the person and the project: what one person said is never sent in another's name.
 */
export class LocalStore implements KeptStore {
  private readonly prefix: string;

  constructor(
    user: number,
    project: number,
    private readonly storage: Storage = localStorage,
  ) {
    this.prefix = `annotator.unsent.${user}.${project}.`;
  }

  load(): Kept[] {
    const found: Kept[] = [];
    for (let index = 0; index < this.storage.length; index++) {
      const key = this.storage.key(index);
      if (!key?.startsWith(this.prefix)) continue;
      try {
        found.push(JSON.parse(this.storage.getItem(key) ?? "") as Kept);
      } catch {
        // A half-written entry says nothing that could be sent.
      }
    }
    return found.sort((a, b) => a.order - b.order);
  }

  put(kept: Kept): void {
    try {
      this.storage.setItem(this.prefix + kept.item.client_id, JSON.stringify(kept));
    } catch {
      // Full or forbidden storage: the item still waits in memory and is sent from there.
    }
  }

  remove(clientId: string): void {
    this.storage.removeItem(this.prefix + clientId);
  }
}
