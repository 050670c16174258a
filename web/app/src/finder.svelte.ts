// A search box: what is looked for, and what was found.
//
// Invariant: only the answer to what is looked for now is shown.

import { type Client, type Found, codeOf, isSearchable, waitOf } from "@musclemap/client";

/** How long a text rests before it is looked for. Each search counts for a limit of the API. */
const REST_MS = 400;

export class Finder {
  readonly #client: Pick<Client, "search" | "searchFurther">;
  /** How often something else was looked for. */
  #turn = 0;
  #text = $state("");
  found = $state.raw<Found | undefined>();
  isBusy = $state(false);
  /** The code of what went wrong with the last search; null if nothing did. */
  failure = $state<string | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(client: Pick<Client, "search" | "searchFurther">) {
    this.#client = client;
  }

  get text(): string {
    return this.#text;
  }

  set text(text: string) {
    this.#text = text;
    this.again();
  }

  /** Looks for the same text once more, as where it is looked for has changed. */
  again(): void {
    const turn = ++this.#turn;
    clearTimeout(this.#timer);
    this.failure = null;
    this.isBusy = isSearchable(this.#text);
    if (this.isBusy) this.#timer = setTimeout(() => void this.#search(turn), REST_MS);
    else this.found = undefined;
  }

  /** Forgets the text, so that no answer that comes later makes another search. */
  stop(): void {
    this.text = "";
  }

  /** The next page of messages; none while another text is looked for. */
  async further(): Promise<void> {
    const { text, found } = this;
    if (this.isBusy || !found || found.messages.end === null) return;
    const { nodes, end } = await this.#client.searchFurther(text, found.messages.end);
    if (this.found !== found) return;
    this.found = { ...found, messages: { nodes: [...found.messages.nodes, ...nodes], end } };
  }

  async #search(turn: number): Promise<void> {
    try {
      const found = await this.#client.search(this.#text);
      if (this.#turn !== turn) return;
      [this.found, this.failure, this.isBusy] = [found, null, false];
    } catch (error) {
      if (this.#turn !== turn) return;
      [this.found, this.failure, this.isBusy] = [undefined, codeOf(error), false];
      // The limit says when the next search is taken.
      if (this.failure === "RATE_LIMITED") this.#timer = setTimeout(() => void this.#search(turn), Math.max(waitOf(error), REST_MS));
    }
  }
}
