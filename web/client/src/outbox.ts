// What is to be sent: kept over reloads until the API has decided it, sent in order, repeated under the same
// client id, so that it is stored and charged once.
//
// Invariant: an entry is in the storage before it is first sent, and leaves it only when its message is known
// or its author discards it.

import { type AttachmentView, type GifView, type MessageView, SEND, SPEAK, type StickerView } from "./documents.ts";
import { Changing, Pauses, backoff } from "./emitter.ts";
import { codeOf, passes, waitOf } from "./errors.ts";
import type { Request } from "./http.ts";
import type { OutboxStorage } from "./storage.ts";

/** What a message is made of, beside its text and files. */
export interface Made {
  /** Whether the one file is the message itself, which is spoken. */
  isVoice: boolean;
  /** The template that it was made of, which counts it. */
  templateId: string | null;
  /** In place of a text and files. */
  sticker: StickerView | null;
  /** In place of a text and files. */
  gif: GifView | null;
}

/** A message on its way. */
export interface Entry extends Made {
  clientMessageId: string;
  conversationId: string;
  content: string;
  replyToId: string | null;
  /** Files that are ready. */
  attachments: readonly AttachmentView[];
  /** Milliseconds since 1970. */
  createdAt: number;
  state: "pending" | "failed";
  /** Why it failed: a code of the API, or EXPIRED. */
  code: string | null;
}

/** The server remembers a client id for 24 hours; one that is older might be stored a second time. */
const REMEMBERED_MS = 23 * 60 * 60 * 1000;
/** Attempts of one entry that the API could not decide; then its author is asked. */
const ATTEMPTS = 8;
const WAIT_MOST_MS = 60_000;
/** Answers to a send that may be due to its template. */
const WITHOUT_TEMPLATE: readonly string[] = ["NOT_FOUND", "FEATURE_DISABLED"];

export class Outbox extends Changing {
  readonly #request: Request;
  readonly #storage: OutboxStorage;
  readonly #sent: (message: MessageView) => void;
  #entries: Entry[] = [];
  /** Conversations whose entries are being sent. */
  #running = new Map<string, Promise<void>>();
  readonly #pauses = new Pauses();
  #stopped = false;

  constructor(request: Request, storage: OutboxStorage, sent: (message: MessageView) => void) {
    super();
    this.#request = request;
    this.#storage = storage;
    this.#sent = sent;
  }

  /** Takes up what an earlier page left. */
  async open(): Promise<void> {
    const kept = await this.#storage.all();
    const known = new Set(this.#entries.map((entry) => entry.clientMessageId));
    const added = kept.filter((entry) => !known.has(entry.clientMessageId));
    this.#entries = [...added, ...this.#entries].toSorted((one, other) => one.createdAt - other.createdAt);
    this.changed();
    for (const conversation of new Set(added.map((entry) => entry.conversationId))) this.#run(conversation);
  }

  close(): void {
    this.#stopped = true;
    this.wake();
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  of(conversationId: string): Entry[] {
    return this.#entries.filter((entry) => entry.conversationId === conversationId);
  }

  /** Sends now rather than after a wait. */
  wake(): void {
    this.#pauses.end();
  }

  async add(
    conversationId: string, content: string, replyToId: string | null = null, attachments: readonly AttachmentView[] = [],
    { isVoice = false, templateId = null, sticker = null, gif = null }: Partial<Made> = {},
  ): Promise<Entry> {
    const entry: Entry = {
      clientMessageId: crypto.randomUUID(),
      conversationId,
      content,
      replyToId,
      attachments,
      isVoice,
      templateId,
      sticker,
      gif,
      createdAt: Date.now(),
      state: "pending",
      code: null,
    };
    this.#entries = [...this.#entries, entry];
    this.changed();
    await this.#storage.put(entry);
    this.#run(conversationId);
    return entry;
  }

  /** Sends again what has failed: under the same id, unless the server may have forgotten it. */
  async retry(clientMessageId: string): Promise<void> {
    const entry = this.#find(clientMessageId);
    if (!entry || entry.state !== "failed") return;
    if (isForgotten(entry)) {
      await this.discard(clientMessageId);
      await this.add(entry.conversationId, entry.content, entry.replyToId, entry.attachments, entry);
      return;
    }
    await this.#put({ ...entry, state: "pending", code: null });
    this.#run(entry.conversationId);
  }

  async discard(clientMessageId: string): Promise<void> {
    this.#entries = this.#entries.filter((entry) => entry.clientMessageId !== clientMessageId);
    this.changed();
    await this.#storage.remove(clientMessageId);
  }

  /** The inbox reported the message. */
  settled(clientMessageId: string): void {
    if (this.#find(clientMessageId)) void this.discard(clientMessageId);
  }

  /** The inbox reported the rejection. */
  refused(clientMessageId: string, code: string): void {
    const entry = this.#find(clientMessageId);
    if (entry) void this.#put({ ...entry, state: "failed", code });
  }

  /** Resolves when nothing is being sent. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  #find(clientMessageId: string): Entry | undefined {
    return this.#entries.find((entry) => entry.clientMessageId === clientMessageId);
  }

  #run(conversation: string): void {
    if (this.#running.has(conversation)) return;
    const running = this.#send(conversation).finally(() => {
      this.#running.delete(conversation);
      if (!this.#stopped && this.#next(conversation)) this.#run(conversation);
    });
    this.#running.set(conversation, running);
  }

  #next(conversation: string): Entry | undefined {
    return this.#entries.find((entry) => entry.conversationId === conversation && entry.state === "pending");
  }

  /** One after the other, so that they are stored in the order in which they were written. */
  async #send(conversation: string): Promise<void> {
    let attempts = 0;
    for (let entry = this.#next(conversation); entry && !this.#stopped; entry = this.#next(conversation)) {
      const { clientMessageId, templateId } = entry;
      if (isForgotten(entry)) {
        await this.#put({ ...entry, state: "failed", code: "EXPIRED" });
        continue;
      }
      try {
        const message = await this.#ask(entry);
        attempts = 0;
        this.#sent(message);
        await this.discard(clientMessageId);
      } catch (error) {
        if (!this.#find(clientMessageId)) continue;
        // A template that is gone or switched off keeps no text from being sent.
        if (templateId && WITHOUT_TEMPLATE.includes(codeOf(error))) {
          await this.#put({ ...entry, templateId: null });
          continue;
        }
        if (!passes(error) || ++attempts > ATTEMPTS) {
          attempts = 0;
          await this.#put({ ...entry, state: "failed", code: codeOf(error) });
          continue;
        }
        await this.#pauses.for(Math.min(WAIT_MOST_MS, Math.max(waitOf(error), backoff(attempts))));
      }
    }
  }

  async #ask({ conversationId, clientMessageId, content, replyToId, attachments, isVoice, templateId, sticker, gif }: Entry): Promise<MessageView> {
    if (isVoice) {
      const said = { conversation: conversationId, attachment: attachments[0]?.id, client: clientMessageId, replyTo: replyToId };
      return (await this.#request<{ message: MessageView }>(SPEAK, said)).message;
    }
    const attachmentIds = attachments.map((attachment) => attachment.id);
    const chosen = { stickerId: sticker?.id ?? null, gifId: gif?.id ?? null };
    const input = { conversationId, clientMessageId, content, replyToId, attachmentIds, templateId, ...chosen };
    return (await this.#request<{ sendMessage: MessageView }>(SEND, { input })).sendMessage;
  }

  async #put(entry: Entry): Promise<void> {
    this.#entries = this.#entries.map((one) => (one.clientMessageId === entry.clientMessageId ? entry : one));
    this.changed();
    await this.#storage.put(entry);
  }
}

function isForgotten(entry: Entry): boolean {
  return Date.now() - entry.createdAt > REMEMBERED_MS;
}
