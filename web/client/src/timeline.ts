// The messages of one conversation: a window without holes, and what waits to be sent.
//
// Invariant: `window` has every message that the viewer sees between its first and its last, in order of
// `seq`. A number that is missing within a page is one that the viewer does not see. A version of a message
// is never replaced by an older one, whichever way that comes.

import { AROUND, type MessageView, NEWER, NEWEST, OLDER, type PageView, type UserView } from "./documents.ts";
import { Changing } from "./emitter.ts";
import type { Request, Variables } from "./http.ts";
import type { Entry, Outbox } from "./outbox.ts";
import { withUser } from "./users.ts";

const PAGE = 50;
/** Messages in memory; those farthest from what is looked at go. */
const MOST = 300;
/** Pages that are fetched for one hole; beyond, the window begins anew at the newest. */
const HOLE_PAGES = 4;

interface Page {
  messages: { nodes: MessageView[]; pageInfo: PageView };
}

/** What is shown: a message, or one on its way. */
export type Item = { kind: "message"; message: MessageView } | { kind: "pending"; entry: Entry };

export class Timeline extends Changing {
  readonly id: string;
  readonly #request: Request;
  readonly #outbox: Outbox;
  readonly #leave: () => void;
  #window: MessageView[] = [];
  /** Cursors of the window's ends; null where there is nothing more. */
  #before: string | null = null;
  #after: string | null = null;
  #hasOlder = false;
  #hasNewer = false;
  #loaded = false;
  #busy: Promise<void> | undefined;
  #failed = false;
  /** Messages that came or changed during a fetch; the fetched page may be older. */
  #arrived: MessageView[] = [];
  /** Changes that were made during a fetch, for the same reason. */
  #adjusted: ((message: MessageView) => MessageView)[] = [];

  constructor(id: string, request: Request, outbox: Outbox) {
    super();
    this.id = id;
    this.#request = request;
    this.#outbox = outbox;
    this.#leave = outbox.onChange(() => this.changed());
  }

  /** Stops following the outbox. */
  close(): void {
    this.#leave();
  }

  get messages(): readonly MessageView[] {
    return this.#window;
  }

  /** The window, and behind it what is not yet stored, if the window reaches the newest. */
  get items(): Item[] {
    const known = new Set(this.#window.map((message) => message.clientMessageId));
    const waiting = this.#hasNewer ? [] : this.#outbox.of(this.id).filter((entry) => !known.has(entry.clientMessageId));
    return [
      ...this.#window.map((message): Item => ({ kind: "message", message })),
      ...waiting.map((entry): Item => ({ kind: "pending", entry })),
    ];
  }

  get isLoaded(): boolean {
    return this.#loaded;
  }

  get isFetching(): boolean {
    return this.#busy !== undefined;
  }

  /** Whether the last page could not be fetched. */
  get isFailed(): boolean {
    return this.#failed;
  }

  get hasOlder(): boolean {
    return this.#hasOlder;
  }

  /** Whether the window ends before the newest message. */
  get hasNewer(): boolean {
    return this.#hasNewer;
  }

  get newest(): MessageView | undefined {
    return this.#window.at(-1);
  }

  /** The newest page, in place of what there was. */
  load(): Promise<void> {
    return this.#alone(async () => this.#replace(await this.#page(NEWEST, { count: PAGE })));
  }

  /** A window around a message. */
  around(message: string): Promise<void> {
    return this.#alone(async () => this.#replace(await this.#page(AROUND, { message })));
  }

  older(): Promise<void> {
    if (!this.#hasOlder) return Promise.resolve();
    return this.#alone(async () => {
      const first = this.#window[0];
      // A window that was cut has no cursor at that end: the page around its first message has one.
      if (this.#before === null && first) return this.#replace(await this.#page(AROUND, { message: first.id }));
      const { nodes, pageInfo } = await this.#page(OLDER, { count: PAGE, before: this.#before });
      this.#merge(nodes);
      this.#before = pageInfo.startCursor ?? this.#before;
      this.#hasOlder = pageInfo.hasPreviousPage;
      if (this.#window.length > MOST) {
        this.#window = this.#window.slice(0, MOST);
        this.#hasNewer = true;
        this.#after = null;
      }
    });
  }

  newer(): Promise<void> {
    if (!this.#hasNewer) return Promise.resolve();
    return this.#alone(async () => {
      const last = this.newest;
      if (this.#after === null && last) return this.#replace(await this.#page(AROUND, { message: last.id }));
      const { nodes, pageInfo } = await this.#page(NEWER, { count: PAGE, after: this.#after });
      this.#merge(nodes);
      this.#after = pageInfo.endCursor ?? this.#after;
      this.#hasNewer = pageInfo.hasNextPage;
      this.#shorten();
    });
  }

  /** Takes in a message that came live. One beyond a hole makes the hole be fetched. */
  created(message: MessageView): void {
    if (this.#busy) this.#arrived.push(message);
    if (!this.#loaded || this.#hasNewer) return;
    const last = this.newest?.seq ?? 0;
    if (this.#window.length > 0 && message.seq > last + 1) {
      // A fetch that is busy has the message among those that arrived; `isFailed` tells of one that fails.
      if (!this.#busy) this.fill().catch(() => {});
      return;
    }
    this.#merge([message]);
    this.#shorten();
    this.changed();
  }

  /** Takes in a message as it is now, if it is in the window. */
  updated(message: MessageView): void {
    if (this.#busy) this.#arrived.push(message);
    const at = this.#window.findIndex((one) => one.seq === message.seq);
    if (at < 0) return;
    this.#window = this.#window.with(at, newer(this.#window[at], message));
    this.changed();
  }

  /** Changes messages of the window in place of their answer from the API. */
  adjust(change: (message: MessageView) => MessageView): void {
    if (this.#busy) this.#adjusted.push(change);
    this.#window = this.#window.map(change);
    this.changed();
  }

  /** A user is seen in another way. */
  renamed(user: UserView): void {
    this.adjust((message) => withUser(message, user));
  }

  /** Fetches what is missing between the window and the newest message. */
  fill(): Promise<void> {
    if (!this.#loaded || this.#hasNewer) return Promise.resolve();
    return this.#alone(async () => {
      const last = this.newest?.seq ?? 0;
      let page = await this.#page(NEWEST, { count: PAGE });
      const newest = page;
      const found = [...page.nodes];
      const reaches = () => (found[0]?.seq ?? 0) <= last || !page.pageInfo.hasPreviousPage;
      for (let pages = 1; !reaches() && pages < HOLE_PAGES; pages++) {
        page = await this.#page(OLDER, { count: PAGE, before: page.pageInfo.startCursor });
        found.unshift(...page.nodes);
      }
      if (reaches()) this.#merge(found);
      else this.#replace(newest);
      this.#shorten();
    });
  }

  /** Reloads the newest page after a `ResumeGap`. */
  async refresh(): Promise<void> {
    if (this.#loaded && !this.#hasNewer) await this.load();
  }

  async #page(query: string, variables: Variables): Promise<Page["messages"]> {
    return (await this.#request<Page>(query, { id: this.id, ...variables })).messages;
  }

  #replace({ nodes, pageInfo }: Page["messages"]): void {
    const known = this.#bySeq();
    this.#window = sorted(nodes.map((message) => newer(known.get(message.seq), message)));
    this.#before = pageInfo.startCursor;
    this.#after = pageInfo.endCursor;
    this.#hasOlder = pageInfo.hasPreviousPage;
    this.#hasNewer = pageInfo.hasNextPage;
    this.#loaded = true;
  }

  #merge(messages: MessageView[]): void {
    const bySeq = this.#bySeq();
    for (const message of messages) bySeq.set(message.seq, newer(bySeq.get(message.seq), message));
    this.#window = sorted([...bySeq.values()]);
  }

  #bySeq(): Map<number, MessageView> {
    return new Map(this.#window.map((message) => [message.seq, message]));
  }

  #shorten(): void {
    if (this.#window.length <= MOST) return;
    this.#window = this.#window.slice(-MOST);
    this.#hasOlder = true;
    this.#before = null;
  }

  /** Fetches run one after another. */
  async #alone(fetch: () => Promise<void>): Promise<void> {
    const before = this.#busy;
    const mine = (async () => {
      await before?.catch(() => {});
      await fetch();
    })();
    this.#busy = mine;
    try {
      await mine;
      this.#failed = false;
    } catch (error) {
      this.#failed = true;
      throw error;
    } finally {
      if (this.#busy === mine) {
        this.#busy = undefined;
        for (const message of this.#arrived.splice(0)) {
          if (message.seq > (this.newest?.seq ?? 0)) this.created(message);
          else this.updated(message);
        }
        for (const change of this.#adjusted.splice(0)) this.adjust(change);
      }
      this.changed();
    }
  }
}

/** How far a message has changed: by each edit, and by its deletion for good. */
function version({ deletedAt, editCount }: MessageView): number {
  return deletedAt === null ? editCount : Infinity;
}

/**
 * Of two renderings of a message the one of the later version; of one version the one that comes last. A hidden one
 * tells no edits, so the last one counts that is hidden or shown again.
 */
function newer(known: MessageView | undefined, coming: MessageView): MessageView {
  if (!known) return coming;
  const turns = known.deletedAt === null && known.hiddenAt !== coming.hiddenAt;
  return !turns && version(known) > version(coming) ? known : coming;
}

function sorted(messages: MessageView[]): MessageView[] {
  return messages.toSorted((one, other) => one.seq - other.seq);
}
