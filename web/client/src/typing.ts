// Typing indicators of others, and the user's own.
//
// Invariant: an indicator expires 6 s after its last renewal.

import { TYPING } from "./documents.ts";
import { Changing } from "./emitter.ts";
import type { Inbox } from "./inbox.ts";
import type * as Schema from "./schema.ts";
/** It holds for 5 s on the server. */
const HOLDS_MS = 6_000;
/** The user's own is sent again while they go on. */
const AGAIN_MS = 3_000;

export type Typist = Pick<Schema.TypingIndicator, "userId" | "username">;

export class Typing extends Changing {
  readonly #inbox: Inbox;
  #typists = new Map<string, Map<string, { typist: Typist; timer: ReturnType<typeof setTimeout> }>>();
  #sent = new Map<string, number>();

  constructor(inbox: Inbox) {
    super();
    this.#inbox = inbox;
  }

  in(conversation: string): Typist[] {
    return [...(this.#typists.get(conversation)?.values() ?? [])].map(({ typist }) => typist);
  }

  changedTo(conversation: string, typing: Typist & { isTyping: boolean }): void {
    this.#forget(conversation, typing.userId);
    if (typing.isTyping) {
      const timer = setTimeout(() => this.#forget(conversation, typing.userId), HOLDS_MS);
      const there = this.#typists.get(conversation) ?? new Map();
      there.set(typing.userId, { typist: typing, timer });
      this.#typists.set(conversation, there);
    }
    this.changed();
  }

  /** A message of theirs came: they have done. */
  sent(conversation: string, user: string): void {
    this.#forget(conversation, user);
  }

  /** The user types, or has stopped. */
  tell(conversation: string, isTyping: boolean): void {
    const last = this.#sent.get(conversation) ?? 0;
    if (isTyping ? Date.now() - last < AGAIN_MS : last === 0) return;
    this.#sent.set(conversation, isTyping ? Date.now() : 0);
    // What is not sent now is sent with the next key.
    this.#inbox.run(TYPING, { id: conversation, on: isTyping }).catch(() => this.#sent.delete(conversation));
  }

  /** The user has sent what they typed: the server knows. */
  done(conversation: string): void {
    this.#sent.delete(conversation);
  }

  stop(): void {
    for (const there of this.#typists.values()) for (const { timer } of there.values()) clearTimeout(timer);
  }

  #forget(conversation: string, user: string): void {
    const there = this.#typists.get(conversation);
    const known = there?.get(user);
    if (!there || !known) return;
    clearTimeout(known.timer);
    there.delete(user);
    if (there.size === 0) this.#typists.delete(conversation);
    this.changed();
  }
}
