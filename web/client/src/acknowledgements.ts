// What this device has stored and its user has read: one watermark for each conversation, the newest alone,
// sent over the socket.
//
// Invariant: a watermark that was not accepted is sent again after the next connection.

import { DELIVERED, READ } from "./documents.ts";
import type { Inbox } from "./inbox.ts";

interface Mark {
  seq: number;
  message: string;
}

/** How long marks wait for newer ones. */
const GATHER_MS = 200;

class Marks {
  #sent = new Map<string, number>();
  #waiting = new Map<string, Mark>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly send: (conversation: string, message: string) => Promise<unknown>,
    private readonly then: (conversation: string) => void,
  ) {}

  to(conversation: string, mark: Mark): void {
    if (mark.seq <= (this.#sent.get(conversation) ?? 0)) return;
    if (mark.seq <= (this.#waiting.get(conversation)?.seq ?? 0)) return;
    this.#waiting.set(conversation, mark);
    this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = [...this.#waiting];
    const each = waiting.map(async ([conversation, mark]) => {
      await this.send(conversation, mark.message);
      this.#sent.set(conversation, Math.max(mark.seq, this.#sent.get(conversation) ?? 0));
      if (this.#waiting.get(conversation) === mark) this.#waiting.delete(conversation);
      this.then(conversation);
    });
    // What fails stays, until the connection is back.
    await Promise.allSettled(each);
  }

  /** The user says that a conversation is unread: its mark may be sent again. */
  forget(conversation: string): void {
    this.#sent.delete(conversation);
    this.#waiting.delete(conversation);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

export class Acknowledgements {
  readonly #delivered: Marks;
  readonly #read: Marks;

  /** `read` is called when the server has taken that a conversation was read. */
  constructor(inbox: Inbox, read: (conversation: string) => void) {
    this.#delivered = new Marks((id, message) => inbox.run(DELIVERED, { id, message }), () => {});
    this.#read = new Marks((id, message) => inbox.run(READ, { id, message }), read);
  }

  delivered(conversation: string, seq: number, message: string): void {
    this.#delivered.to(conversation, { seq, message });
  }

  read(conversation: string, seq: number, message: string): void {
    this.#read.to(conversation, { seq, message });
  }

  unread(conversation: string): void {
    this.#read.forget(conversation);
  }

  flush(): void {
    void this.#delivered.flush();
    void this.#read.flush();
  }

  stop(): void {
    this.#delivered.stop();
    this.#read.stop();
  }
}
