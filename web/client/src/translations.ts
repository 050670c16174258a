// Translations of messages: asked for one at a time, and known beside the version of the text that they are of.
//
// Invariant: what is translated by itself is in sight when it is asked for; after a failure that may pass nothing is, for a
// while.

import { TRANSLATE, type MessageView, type TranslatedView } from "./documents.ts";
import { Changing } from "./emitter.ts";
import { codeOf, passes, waitOf } from "./errors.ts";
import type { Request } from "./http.ts";

/** Translations in memory; the one that came first goes. */
const MOST = 500;
/** How long nothing is translated by itself after a failure. */
const REST_MS = 30_000;

type Text = Pick<MessageView, "id" | "editCount">;

export class Translations extends Changing {
  readonly #request: Request;
  /** By message, version and language; null of a text that the API leaves as it is. */
  readonly #known = new Map<string, string | null>();
  /** What is in sight and to be translated by itself, in the order in which it came. */
  readonly #wanted = new Map<string, { message: Text; language: string }>();
  #isAsking = false;
  #restsUntil = 0;
  #isOff = false;

  constructor(request: Request) {
    super();
    this.#request = request;
  }

  /** Whether the deployment translates nothing, as far as is known. */
  get isOff(): boolean {
    return this.#isOff;
  }

  /** The translation of a message's text as it stands. */
  of(message: Text, language: string): string | undefined {
    return this.#known.get(key(message, language)) ?? undefined;
  }

  /** Takes in the translations that a message comes with. */
  take(message: TranslatedView): void {
    for (const { language, content } of message.translations) this.#keep(key(message, language), content);
    this.changed();
  }

  async translate(message: Text, language: string): Promise<void> {
    try {
      const variables = { id: message.id, language };
      const { message: answer } = await this.#request<{ message: TranslatedView }>(TRANSLATE, variables);
      if (answer.translations.every((one) => one.language !== language)) this.#keep(key(answer, language), null);
      this.take(answer);
    } catch (error) {
      if (codeOf(error) === "FEATURE_DISABLED") {
        this.#isOff = true;
        this.changed();
      }
      throw error;
    }
  }

  /** A message is in sight, and to be translated by itself. Gives a function that ends it. */
  want(message: Text, language: string): () => void {
    const wanted = key(message, language);
    this.#wanted.set(wanted, { message, language });
    void this.#work();
    return () => this.#wanted.delete(wanted);
  }

  async #work(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    for (const [wanted, { message, language }] of this.#wanted) {
      this.#wanted.delete(wanted);
      if (this.#isOff || this.#known.has(wanted) || Date.now() < this.#restsUntil) continue;
      try {
        await this.translate(message, language);
      } catch (error) {
        if (passes(error)) this.#restsUntil = Date.now() + Math.max(REST_MS, waitOf(error));
      }
    }
    this.#isAsking = false;
  }

  #keep(wanted: string, content: string | null): void {
    this.#known.delete(wanted);
    this.#known.set(wanted, content);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST && oldest !== undefined) this.#known.delete(oldest);
  }
}

function key({ id, editCount }: Text, language: string): string {
  return `${id} ${editCount} ${language}`;
}
