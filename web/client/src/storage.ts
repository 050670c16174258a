// Where the outbox is kept: in IndexedDB, or in memory where there is none.

import type { Entry } from "./outbox.ts";

export interface OutboxStorage {
  all(): Promise<Entry[]>;
  put(entry: Entry): Promise<void>;
  remove(clientMessageId: string): Promise<void>;
}

export class MemoryStorage implements OutboxStorage {
  #entries = new Map<string, Entry>();

  async all(): Promise<Entry[]> {
    return [...this.#entries.values()];
  }

  async put(entry: Entry): Promise<void> {
    this.#entries.set(entry.clientMessageId, structuredClone(entry));
  }

  async remove(clientMessageId: string): Promise<void> {
    this.#entries.delete(clientMessageId);
  }
}

const STORE = "outbox";

/** One database per user: no user sends what another wrote. */
export class IndexedStorage implements OutboxStorage {
  #database: Promise<IDBDatabase>;

  constructor(user: string, factory: IDBFactory = indexedDB) {
    const opening = factory.open(`musclemap-${user}`, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "clientMessageId" });
    this.#database = finished(opening);
  }

  async all(): Promise<Entry[]> {
    return finished((await this.#store("readonly")).getAll() as IDBRequest<Entry[]>);
  }

  async put(entry: Entry): Promise<void> {
    await finished((await this.#store("readwrite")).put(entry));
  }

  async remove(clientMessageId: string): Promise<void> {
    await finished((await this.#store("readwrite")).delete(clientMessageId));
  }

  async #store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    return (await this.#database).transaction(STORE, mode).objectStore(STORE);
  }
}

function finished<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the storage failed"));
  });
}

/** The storage of a user, in memory where there is no database. */
export function storageOf(user: string): OutboxStorage {
  return typeof indexedDB === "undefined" ? new MemoryStorage() : new IndexedStorage(user);
}
