// The pinned messages of conversations that are looked at.
//
// Invariant: what a viewer sees of the pins is read after each change, never computed; a change during a read
// causes another one.

import { type MessageView, PINNED, type UserView } from "./documents.ts";
import { Changing } from "./emitter.ts";
import { Gathering } from "./gathering.ts";
import type { Request } from "./http.ts";
import { withUser } from "./users.ts";

/** How long changes wait for others before pins are read. */
const GATHER_MS = 100;
/** Conversations in memory; the one that was not looked at the longest goes. */
const MOST = 20;

export class Pins extends Changing {
  readonly #request: Request;
  /** Undefined before the first answer. */
  #known = new Map<string, readonly MessageView[] | undefined>();
  readonly #reading = new Gathering(GATHER_MS, (conversation) => this.#read(conversation));

  constructor(request: Request) {
    super();
    this.#request = request;
  }

  /** In the order in which they were pinned. */
  of(conversation: string): readonly MessageView[] {
    return this.#known.get(conversation) ?? [];
  }

  /** A conversation is looked at: its pins are followed from now on. */
  follow(conversation: string): void {
    const known = this.#known.get(conversation);
    // The last in the map was looked at last.
    this.#known.delete(conversation);
    this.#known.set(conversation, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST && oldest !== undefined) this.#known.delete(oldest);
    if (!known) this.#reading.soon(conversation);
  }

  /** A pin of this conversation came or went. */
  changedIn(conversation: string): void {
    if (this.#known.has(conversation)) this.#reading.soon(conversation);
  }

  /** A message was edited or deleted. */
  updated(message: Pick<MessageView, "id" | "conversationId">): void {
    if (this.of(message.conversationId).some((pinned) => pinned.id === message.id)) this.changedIn(message.conversationId);
  }

  renamed(user: UserView): void {
    this.#known = new Map([...this.#known].map(([id, pinned]) => [id, withUser(pinned, user)]));
    this.changed();
  }

  /** Reads all anew: what changed meanwhile is not known. */
  refresh(): void {
    for (const conversation of this.#known.keys()) this.#reading.soon(conversation);
  }

  stop(): void {
    this.#reading.stop();
  }

  async #read(conversation: string): Promise<void> {
    const { getPinnedMessages } = await this.#request<{ getPinnedMessages: MessageView[] }>(PINNED, { id: conversation });
    if (!this.#known.has(conversation)) return;
    this.#known.set(conversation, getPinnedMessages);
    this.changed();
  }
}
