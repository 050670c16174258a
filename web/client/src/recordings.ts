// Recordings on their way: each is uploaded, and sent as a message when it is ready.
//
// Invariant: a recording is sent once, in the conversation that it was made for, whatever is open meanwhile.

import type { AttachmentView } from "./documents.ts";
import { Changing } from "./emitter.ts";
import type { Upload, Uploads } from "./uploads.ts";

type Send = (conversation: string, replyTo: string | null, recording: AttachmentView) => Promise<unknown>;

/** What one is for. */
interface Wanted {
  conversation: string;
  replyTo: string | null;
}

/** Seconds of one recording. */
export const MOST_SECONDS = 120;

export class Recordings extends Changing {
  readonly #uploads: Uploads;
  readonly #send: Send;
  /** By upload. */
  readonly #wanted = new Map<string, Wanted>();

  constructor(uploads: Uploads, send: Send) {
    super();
    this.#uploads = uploads;
    this.#send = send;
    uploads.onChange(() => this.#settle());
  }

  /** Those of a conversation that are not sent yet, or cannot be. */
  of(conversation: string): Upload[] {
    return this.#uploads.of(placeOf(conversation));
  }

  add(conversation: string, recording: File, replyTo: string | null): Upload {
    const upload = this.#uploads.add(placeOf(conversation), recording);
    this.#wanted.set(upload.id, { conversation, replyTo });
    this.#settle();
    return upload;
  }

  remove(id: string): void {
    this.#wanted.delete(id);
    this.#uploads.remove(id);
  }

  #settle(): void {
    for (const [id, { conversation, replyTo }] of [...this.#wanted]) {
      const upload = this.of(conversation).find((one) => one.id === id);
      if (upload?.state !== "ready" || !upload.attachment) continue;
      this.remove(id);
      void this.#send(conversation, replyTo, upload.attachment);
    }
    this.changed();
  }
}

function placeOf(conversation: string): string {
  return `recordings/${conversation}`;
}
