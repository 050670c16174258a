// Links to files, which expire: those that were renewed stand in place of those that a message came with.

import { type AttachmentView, ONE_ATTACHMENT } from "./documents.ts";
import { Changing } from "./emitter.ts";
import type { Request } from "./http.ts";

/** Attachments with renewed links in memory. */
const MOST = 500;

export class Files extends Changing {
  readonly #request: Request;
  #renewed = new Map<string, AttachmentView>();
  readonly #asking = new Map<string, Promise<AttachmentView>>();

  constructor(request: Request) {
    super();
    this.#request = request;
  }

  /** The same attachment, with the links that were renewed last. */
  of(attachment: AttachmentView): AttachmentView {
    return this.#renewed.get(attachment.id) ?? attachment;
  }

  /** Asks for links that hold for at least half a day. Asking for the same at the same time is one request. */
  renew(id: string): Promise<AttachmentView> {
    const asking = this.#asking.get(id) ?? this.#ask(id).finally(() => this.#asking.delete(id));
    this.#asking.set(id, asking);
    return asking;
  }

  async #ask(id: string): Promise<AttachmentView> {
    const { attachment } = await this.#request<{ attachment: AttachmentView }>(ONE_ATTACHMENT, { id });
    this.#renewed.delete(id);
    this.#renewed.set(id, attachment);
    const [oldest] = this.#renewed.keys();
    if (this.#renewed.size > MOST && oldest !== undefined) this.#renewed.delete(oldest);
    this.changed();
    return attachment;
  }
}
