// A list that the API gives page by page.
//
// Invariant: only the answer to the last request is taken in, so pages stand in their order; of nodes with one key
// the first stands.

import { endOf } from "@musclemap/client";

export interface Connection<T> {
  nodes: T[];
  pageInfo: Parameters<typeof endOf>[0];
}

export class Paged<T> {
  readonly #fetch: (after: string | null) => Promise<Connection<T>>;
  readonly #keyOf: (node: T) => string;
  /** Undefined until the first page has come. */
  nodes = $state.raw<T[] | undefined>();
  #end = $state<string | null>(null);
  #asked = 0;

  constructor(fetch: (after: string | null) => Promise<Connection<T>>, keyOf: (node: T) => string) {
    this.#fetch = fetch;
    this.#keyOf = keyOf;
  }

  get hasMore(): boolean {
    return this.#end !== null;
  }

  /** The first page, in place of what there was. */
  load(): Promise<void> {
    return this.#take(null);
  }

  /** The next page; after the last one nothing. */
  async more(): Promise<void> {
    if (this.#end !== null) await this.#take(this.#end);
  }

  async #take(after: string | null): Promise<void> {
    const asked = ++this.#asked;
    const { nodes, pageInfo } = await this.#fetch(after);
    if (asked !== this.#asked) return;
    const known = after === null ? [] : (this.nodes ?? []);
    const keys = new Set(known.map(this.#keyOf));
    this.nodes = [...known, ...nodes.filter((node) => keys.size < keys.add(this.#keyOf(node)).size)];
    this.#end = endOf(pageInfo);
  }
}

/** A page of a list that the API cuts after an id: a full one may have another after it. */
export function cutAfter<T>(nodes: T[], size: number, idOf: (node: T) => string): Connection<T> {
  const last = nodes.at(-1);
  return { nodes, pageInfo: { hasNextPage: nodes.length === size, endCursor: last === undefined ? null : idOf(last) } };
}
