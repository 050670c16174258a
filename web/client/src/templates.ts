// The templates of the user, and how one becomes a message.
//
// Invariant: what is listed is read after each change, here or on another device, never computed.

import { DELETE_TEMPLATE, SAVE_TEMPLATE, TEMPLATES, type TemplateView } from "./documents.ts";
import { Changing } from "./emitter.ts";
import { Gathering } from "./gathering.ts";
import type { Request } from "./http.ts";
import type * as Schema from "./schema.ts";

/** How long changes wait for others before the list is read. */
const GATHER_MS = 100;

export class Templates extends Changing {
  readonly #request: Request;
  /** Undefined before the first answer. */
  #known: readonly TemplateView[] | undefined;
  #isWanted = false;
  readonly #reading = new Gathering(GATHER_MS, () => this.#read());

  constructor(request: Request) {
    super();
    this.#request = request;
  }

  get isLoaded(): boolean {
    return this.#known !== undefined;
  }

  /** In the order in which they were made. */
  get list(): readonly TemplateView[] {
    return this.#known ?? [];
  }

  /** They are looked at: the list is read, and followed from now on. */
  follow(): void {
    this.#isWanted = true;
    this.refresh();
  }

  /** Something of them changed, or may have. */
  refresh(): void {
    if (this.#isWanted) this.#reading.soon("templates");
  }

  /** Makes a template, or writes the one with this id anew. */
  async save(input: Schema.MessageTemplateInput): Promise<TemplateView> {
    const { saveMessageTemplate } = await this.#request<{ saveMessageTemplate: TemplateView }>(SAVE_TEMPLATE, { input });
    this.refresh();
    return saveMessageTemplate;
  }

  async remove(id: string): Promise<void> {
    await this.#request(DELETE_TEMPLATE, { id });
    this.refresh();
  }

  stop(): void {
    this.#reading.stop();
  }

  async #read(): Promise<void> {
    const { getMessageTemplates } = await this.#request<{ getMessageTemplates: TemplateView[] }>(TEMPLATES, {});
    this.#known = getMessageTemplates;
    this.changed();
  }
}

/** The text of a template with its variables filled; what is no variable stays. */
export function filled(content: string, values: { name: string; date: string }): string {
  return content.replace(/\{(name|date)\}/g, (_, variable: "name" | "date") => values[variable]);
}
