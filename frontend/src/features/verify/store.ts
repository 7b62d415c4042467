/** Where confirmations are kept until the server has them: one entry each, written before the key press is over. */
import type { ConfirmBody } from "../../api/verify";
import type { Done, Mark } from "./pages";

export type Parcel =
  | { kind: "confirm"; client_id: string; page: number; pictures: number; body: ConfirmBody }
  | { kind: "undo"; client_id: string; page: number; pictures: number; undoes: string };

export interface Kept {
  /** Position in the order of speaking; grows with every parcel. */
  order: number;
  parcel: Parcel;
  /** It was on its way at least once, so that the server may have it. */
  tried: boolean;
}

export interface ParcelStore {
  load(): Kept[];
  put(kept: Kept): void;
  remove(clientId: string): void;
}

/** Entries carry the person and the project: what one person said is never sent in another's name. */
export class LocalParcels implements ParcelStore {
  private readonly prefix: string;

  constructor(
    user: number,
    project: number,
    private readonly storage: Storage = localStorage,
  ) {
    this.prefix = `annotator.unsent-pages.${user}.${project}.`;
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
      this.storage.setItem(this.prefix + kept.parcel.client_id, JSON.stringify(kept));
    } catch {
      // Full or forbidden storage: the parcel still waits in memory and is sent from there.
    }
  }

  remove(clientId: string): void {
    this.storage.removeItem(this.prefix + clientId);
  }
}

const mostRemembered = 200;

export interface Session {
  /** Pages that can be taken back, oldest first. */
  done: Done[];
  /** Exceptions that are marked and not yet confirmed, by image. */
  marks: [number, Mark][];
}

/** What a reload must not lose: the marks on the page, and the way back, without pictures. */
export class SessionStore {
  private readonly key: string;

  constructor(
    user: number,
    project: number,
    private readonly storage: Storage = sessionStorage,
  ) {
    this.key = `annotator.verified.${user}.${project}`;
  }

  load(): Session {
    try {
      return JSON.parse(this.storage.getItem(this.key) ?? "") as Session;
    } catch {
      return { done: [], marks: [] };
    }
  }

  save({ done, marks }: Session): void {
    const light = done.slice(-mostRemembered).map((one) => ({ ...one, page: { ...one.page, pictures: [] } }));
    try {
      this.storage.setItem(this.key, JSON.stringify({ done: light, marks }));
    } catch {
      // Without room, all this lasts until the next reload.
    }
  }
}
