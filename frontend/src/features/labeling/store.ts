/** Where unsent annotations are kept until the server has them: one row an item, its write begun at once. */
import type { AnnotationItem } from "../../api/types";
import { openDatabase, rowsOf, unsent, write } from "./database";

export interface Kept {
  /** Position in the order of speaking; grows with every item. */
  order: number;
  item: AnnotationItem;
}

export interface KeptStore {
  /** What was kept here before, in the order of speaking. */
  load(): Promise<Kept[]>;
  /** Begins to keep an item before it returns. */
  put(kept: Kept): void;
  remove(clientIds: string[]): void;
  /** False when storage is forbidden or full: what is put is gone with the page. */
  readonly durable: boolean;
  /** Called when `durable` has changed. */
  onDurable: () => void;
}

interface Row extends Kept {
  id: string;
  owner: string;
}

/** An entry of local storage; a half-written one says nothing that could be sent. */
function parsed(text: string | null): Kept[] {
  try {
    return [JSON.parse(text ?? "") as Kept];
  } catch {
    return [];
  }
}

/**
 * IndexedDB begins the write within the key's event, so that a crash in the next moment loses nothing.
 * Rows carry the person and the project: what one person said is never sent in another's name.
 */
export class DatabaseStore implements KeptStore {
  durable = true;
  onDurable = () => {};
  private readonly owner: string;
  private db: IDBDatabase | null = null;
  private readonly opened: Promise<void>;

  constructor(
    user: number,
    project: number,
    private readonly factory: () => IDBFactory = () => indexedDB,
    private readonly before: () => Storage = () => localStorage,
  ) {
    this.owner = `${user}.${project}`;
    this.opened = this.open();
  }

  async load(): Promise<Kept[]> {
    await this.opened;
    const old = this.older();
    try {
      if (this.db && old.length)
        await write(this.db, (table) => old.map((kept) => table.put(this.row(kept))));
      if (this.db) this.forgetOlder(old);
      const rows = this.db ? await rowsOf<Row>(this.db, this.owner) : old;
      return rows.map(({ order, item }) => ({ order, item })).sort((a, b) => a.order - b.order);
    } catch {
      this.tell(false);
      return old.sort((a, b) => a.order - b.order);
    }
  }

  put(kept: Kept): void {
    this.begin((table) => table.put(this.row(kept)));
  }

  remove(clientIds: string[]): void {
    if (clientIds.length) this.begin((table) => clientIds.map((id) => table.delete(id)));
  }

  private row({ order, item }: Kept): Row {
    return { id: item.client_id, owner: this.owner, order, item };
  }

  private async open(): Promise<void> {
    try {
      this.db = await openDatabase(this.factory());
      const lost = () => {
        this.db = null;
        this.tell(false);
      };
      this.db.onclose = lost;
      // A newer page wants to change the tables: let it, this one will be reloaded.
      this.db.onversionchange = () => {
        this.db?.close();
        lost();
      };
    } catch {
      this.tell(false);
    }
  }

  private begin(change: (table: IDBObjectStore) => void): void {
    if (!this.db) {
      if (this.durable) void this.opened.then(() => this.db && this.begin(change));
      return;
    }
    try {
      write(this.db, change).then(
        () => this.tell(true),
        () => this.tell(false),
      );
    } catch {
      this.tell(false);
    }
  }

  private tell(durable: boolean): void {
    if (this.durable === durable) return;
    this.durable = durable;
    this.onDurable();
  }

  private get prefix(): string {
    return `annotator.${unsent}.${this.owner}.`;
  }

  /** Items that an earlier version of the pages kept in local storage. */
  private older(): Kept[] {
    try {
      const storage = this.before();
      return Object.keys(storage)
        .filter((key) => key.startsWith(this.prefix))
        .flatMap((key) => parsed(storage.getItem(key)));
    } catch {
      return []; // Forbidden storage holds nothing.
    }
  }

  private forgetOlder(old: Kept[]): void {
    for (const { item } of old) this.before().removeItem(this.prefix + item.client_id);
  }
}
