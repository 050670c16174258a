// Files on their way to the server: begun, put in parts, gone on with after a cut, followed until they are ready.
//
// Invariant: an upload is one attachment under one client id, however often it is tried; what the server has said
// of it is not undone by an older answer.

import { type AttachmentView, COMPLETE, ONE_ATTACHMENT, UPLOAD } from "./documents.ts";
import { Changing, Pauses, backoff } from "./emitter.ts";
import { ApiError, codeOf, passes, waitOf } from "./errors.ts";
import { typeOf } from "./filetypes.ts";
import type { Request } from "./http.ts";
import { isOffline } from "./network.ts";
import { TICKET_EXPIRED, type Ticket, progress, put } from "./transfer.ts";

export interface Upload {
  /** Chosen here, once per file. */
  readonly id: string;
  /** What it is for: a conversation, or the image of one. */
  readonly place: string;
  readonly file: File;
  /** Bytes that are there. */
  sent: number;
  state: "uploading" | "scanning" | "ready" | "rejected" | "failed";
  /** Why it was rejected: a reason of the API, TYPE or SIZE; why it failed: a code of the API. */
  reason: string | null;
  attachment: AttachmentView | null;
}

/** Files of one message. */
export const MOST_FILES = 10;
/** Files that are put at the same time. */
const AT_ONCE = 2;
/** Attempts without progress; then the user decides. */
const ATTEMPTS = 8;
const WAIT_MOST_MS = 60_000;
const RANKS: Record<AttachmentView["state"], number> = { UPLOADING: 0, SCANNING: 1, READY: 2, REJECTED: 2 };

export class Uploads extends Changing {
  readonly #request: Request;
  /** Links of tickets are relative to it. */
  readonly #api: string;
  #all: Upload[] = [];
  #waiting: string[] = [];
  /** Ends of the transfers that run. */
  readonly #running = new Map<string, AbortController>();
  /** Uploads of which the server may have bytes. */
  readonly #begun = new Set<string>();
  readonly #attachments = new Map<string, string>();
  readonly #pauses = new Pauses();

  constructor(request: Request, api: string) {
    super();
    this.#request = request;
    this.#api = api;
  }

  /** The files for a place, in the order in which they were chosen. */
  of(place: string): Upload[] {
    return this.#all.filter((upload) => upload.place === place);
  }

  add(place: string, file: File): Upload {
    const hasType = typeOf(file) !== undefined;
    const upload: Upload = {
      id: crypto.randomUUID(), place, file, sent: 0,
      state: hasType ? "uploading" : "rejected", reason: hasType ? null : "TYPE", attachment: null,
    };
    this.#all = [...this.#all, upload];
    if (hasType) this.#enqueue(upload.id);
    this.changed();
    return upload;
  }

  /** Ends an upload, wherever it is. */
  remove(id: string): void {
    this.#all = this.#all.filter((upload) => upload.id !== id);
    this.#waiting = this.#waiting.filter((one) => one !== id);
    this.#running.get(id)?.abort();
    this.#begun.delete(id);
    this.#pauses.end();
    this.changed();
  }

  /** Goes on with one that failed. */
  retry(id: string): void {
    if (this.#find(id)?.state !== "failed") return;
    this.#set(id, { state: "uploading", reason: null });
    this.#enqueue(id);
  }

  /** The attachments of a place, if all of them are ready: they are not here any more. */
  take(place: string): AttachmentView[] {
    const mine = this.of(place);
    const attachments = mine.flatMap((upload) => (upload.state === "ready" && upload.attachment ? [upload.attachment] : []));
    if (attachments.length < mine.length) return [];
    this.#all = this.#all.filter((upload) => upload.place !== place);
    for (const { id } of mine) this.#begun.delete(id);
    this.changed();
    return attachments;
  }

  /** The inbox reported progress of an attachment. */
  changedTo(attachment: AttachmentView): void {
    const id = this.#attachments.get(attachment.id);
    if (id !== undefined) this.#follow(id, attachment);
  }

  /** Asks anew for what is being scanned: the inbox could not say what became of it. */
  refresh(): void {
    for (const { id, state, attachment } of this.#all) {
      if (state !== "scanning" || !attachment) continue;
      this.#request<{ attachment: AttachmentView }>(ONE_ATTACHMENT, { id: attachment.id }).then(
        (answer) => this.#follow(id, answer.attachment),
        () => this.#set(id, { state: "failed", reason: "UNAVAILABLE" }),
      );
    }
  }

  /** Goes on now rather than after a wait. */
  wake(): void {
    this.#pauses.end();
  }

  close(): void {
    this.#waiting = [];
    for (const end of this.#running.values()) end.abort();
    this.#pauses.end();
  }

  #find(id: string): Upload | undefined {
    return this.#all.find((upload) => upload.id === id);
  }

  #set(id: string, change: Partial<Upload>): void {
    this.#all = this.#all.map((upload) => (upload.id === id ? { ...upload, ...change } : upload));
    this.changed();
  }

  #follow(id: string, attachment: AttachmentView): void {
    const known = this.#find(id);
    if (!known || (known.attachment && RANKS[known.attachment.state] >= RANKS[attachment.state])) return;
    const { state } = attachment;
    if (state === "READY") this.#set(id, { state: "ready", attachment });
    else if (state === "REJECTED") this.#set(id, { state: "rejected", reason: attachment.rejectedReason, attachment });
    else if (state === "SCANNING") this.#set(id, { state: "scanning", sent: known.file.size, attachment });
    if (RANKS[state] === RANKS.READY) this.#attachments.delete(attachment.id);
  }

  #enqueue(id: string): void {
    this.#waiting.push(id);
    this.#next();
  }

  #next(): void {
    while (this.#running.size < AT_ONCE) {
      const upload = this.#find(this.#waiting.shift() ?? "");
      if (!upload) return;
      const end = new AbortController();
      this.#running.set(upload.id, end);
      this.#run(upload, end.signal)
        .then(
          (attachment) => this.#follow(upload.id, attachment),
          (error: unknown) => this.#set(upload.id, refused(error)),
        )
        .finally(() => {
          this.#running.delete(upload.id);
          this.#next();
        });
    }
  }

  async #run({ id, file }: Upload, signal: AbortSignal): Promise<AttachmentView> {
    let ticket: Ticket | undefined;
    let attempts = 0;
    for (;;) {
      try {
        ticket ??= await this.#begin(id, file);
        const url = new URL(ticket.url, this.#api);
        let at = this.#begun.has(id) ? await progress(url, file.size, signal) : 0;
        this.#begun.add(id);
        while (at < file.size) {
          this.#set(id, { sent: at });
          const from = at;
          at = await put(url, ticket, file, from, signal);
          if (at > from) attempts = 0;
        }
        this.#set(id, { sent: at });
        const answer = await this.#request<{ completeUpload: AttachmentView }>(COMPLETE, { id: ticket.attachmentId });
        return answer.completeUpload;
      } catch (error) {
        const isExpired = codeOf(error) === TICKET_EXPIRED;
        if (isExpired) ticket = undefined;
        const isOver = !isOffline() && ++attempts > ATTEMPTS;
        if (signal.aborted || isOver || waitOf(error) > WAIT_MOST_MS || !(isExpired || passes(error))) throw error;
        await this.#pauses.for(isOffline() ? WAIT_MOST_MS : Math.max(waitOf(error), backoff(attempts)));
        if (signal.aborted) throw error;
      }
    }
  }

  async #begin(id: string, file: File): Promise<Ticket> {
    const contentType = typeOf(file);
    if (contentType === undefined) throw new ApiError("no such type", { code: "BAD_USER_INPUT" });
    const input = { clientUploadId: id, fileName: file.name, contentType, byteSize: file.size };
    const { createUpload } = await this.#request<{ createUpload: Ticket }>(UPLOAD, { input });
    this.#attachments.set(createUpload.attachmentId, id);
    return createUpload;
  }
}

/** What becomes of an upload by an error. A type or a size that is not accepted is so at every attempt. */
function refused(error: unknown): Partial<Upload> {
  const field = error instanceof ApiError ? error.extensions.field : undefined;
  if (field === "byteSize") return { state: "rejected", reason: "SIZE" };
  if (field === "contentType") return { state: "rejected", reason: "TYPE" };
  return { state: "failed", reason: codeOf(error) };
}
