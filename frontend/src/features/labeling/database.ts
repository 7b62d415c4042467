/** The browser's own database, as small as the pages need it: one table of unsent annotations. */

export const unsent = "unsent";
export const byOwner = "owner";

const name = "annotator";
const version = 1;

/** Some browsers never answer when their storage is broken; nobody shall wait for that. */
const patience = 3_000;

/** Opens the database, making its table at first. Fails where the browser forbids storage. */
export function openDatabase(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("The browser's storage does not answer.")), patience);
    const request = factory.open(name, version);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(unsent, { keyPath: "id" }).createIndex(byOwner, "owner");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("Another page holds an older database open."));
  });
}

/** Starts a write at once; the promise is settled when it lies on the disk, or will not. */
export function write(db: IDBDatabase, change: (table: IDBObjectStore) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(unsent, "readwrite");
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    change(transaction.objectStore(unsent));
    // Without this the commit waits for one more turn of the page.
    transaction.commit();
  });
}

/** Every row of an owner. */
export function rowsOf<T>(db: IDBDatabase, owner: string): Promise<T[]> {
  return new Promise((resolve, reject) => {
    const request = db.transaction(unsent).objectStore(unsent).index(byOwner).getAll(owner);
    request.onsuccess = () => resolve(request.result as T[]);
    request.onerror = () => reject(request.error);
  });
}
