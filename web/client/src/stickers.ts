// Packs of stickers: those of the user, which are read again when another device has changed them, and public ones.

import {
  ADD_PACK, ADD_STICKER, CREATE_PACK, DELETE_PACK, PACKS, type PackView, PUBLIC_PACKS, REMOVE_PACK, REMOVE_STICKER,
} from "./documents.ts";
import { Changing } from "./emitter.ts";
import type { Request, Variables } from "./http.ts";
import type * as Schema from "./schema.ts";

/** A page of public packs. */
export interface PackPage {
  nodes: PackView[];
  pageInfo: Pick<Schema.PageInfo, "hasNextPage" | "endCursor">;
}

export class Stickers extends Changing {
  readonly #request: Request;
  #packs: readonly PackView[] | undefined;
  /** Only the answer to the last question counts. */
  #asked = 0;

  constructor(request: Request) {
    super();
    this.#request = request;
  }

  /** Own packs, then those that were added; undefined until they have been read. */
  get packs(): readonly PackView[] | undefined {
    return this.#packs;
  }

  async load(): Promise<void> {
    const asked = ++this.#asked;
    const { myStickerPacks } = await this.#request<{ myStickerPacks: PackView[] }>(PACKS, {});
    if (asked !== this.#asked) return;
    this.#packs = myStickerPacks;
    this.changed();
  }

  /** Reads again what was read before. */
  async reload(): Promise<void> {
    if (this.#packs) await this.load();
  }

  /** Public packs; with a query those with a word that begins so. */
  async find(query: string | null, after: string | null): Promise<PackPage> {
    const { stickerPacks } = await this.#request<{ stickerPacks: PackPage }>(PUBLIC_PACKS, { query, after });
    return stickerPacks;
  }

  /** Asked again with the same id, it is one pack. */
  create(name: string, isPublic: boolean, id: string): Promise<void> {
    return this.#change(CREATE_PACK, { name, isPublic, id });
  }

  /** An attachment that is ready becomes a sticker. */
  add(pack: string, file: string, name: string, shortcode: string | null): Promise<void> {
    return this.#change(ADD_STICKER, { pack, file, name, shortcode });
  }

  remove(pack: string, sticker: string): Promise<void> {
    return this.#change(REMOVE_STICKER, { pack, sticker });
  }

  delete(pack: string): Promise<void> {
    return this.#change(DELETE_PACK, { pack });
  }

  /** A public pack is to stand among the user's, or no more. */
  have(pack: string, on: boolean): Promise<void> {
    return this.#change(on ? ADD_PACK : REMOVE_PACK, { pack });
  }

  async #change(mutation: string, variables: Variables): Promise<void> {
    await this.#request(mutation, variables);
    await this.load();
  }
}
