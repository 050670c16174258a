// The user's conversations, the one with the newest message first.
//
// Invariant: whatever depends on the viewer (unread, archived, draft) is fetched after it changed, never
// computed for good; a count that is raised here at once is put right by the fetch that follows.

import {
  CONVERSATIONS, type ConversationView, type MessageView, ONE_CONVERSATION, type UserView,
} from "./documents.ts";
import { Changing } from "./emitter.ts";
import { codeOf } from "./errors.ts";
import { Gathering } from "./gathering.ts";
import type { Request } from "./http.ts";
import type * as Schema from "./schema.ts";
import { withUser } from "./users.ts";

/** Where a page ends, and whether another follows. */
type End = Pick<Schema.PageInfo, "hasNextPage" | "endCursor">;
interface Page {
  conversations: { nodes: ConversationView[]; pageInfo: End };
}

/** Where a conversation is kept: in one of these. */
export type Shelf = "open" | "archived" | "requests";
/** A list of the API, which has pages of its own: a shelf, or a part of the open one; `#` stands before a label. */
export type List = Shelf | "unread" | "starred" | "groups" | `#${string}`;

const PAGE = 30;
/** How long changes of one conversation wait for others before it is fetched. */
const GATHER_MS = 150;

export class Conversations extends Changing {
  readonly #request: Request;
  #all = new Map<string, ConversationView>();
  /** The ends of those lists of which a page was fetched. */
  #ends = new Map<List, string | null>();
  #loaded = false;
  readonly #stale = new Gathering(GATHER_MS, (id) => this.#freshen(id));

  constructor(request: Request) {
    super();
    this.#request = request;
  }

  get isLoaded(): boolean {
    return this.#loaded;
  }

  /** All that are known, archived ones and requests among them. */
  get list(): ConversationView[] {
    return [...this.#all.values()].toSorted((one, other) => newestOf(other).localeCompare(newestOf(one)));
  }

  get(id: string): ConversationView | undefined {
    return this.#all.get(id);
  }

  /** Whether a page of a list was fetched, or is not needed. */
  isBegun(list: List): boolean {
    return this.#ends.has(list) || !this.hasMore(list);
  }

  /** Whether a list goes on after what is known. Nothing of the open shelf is missing once its end is reached. */
  hasMore(list: List): boolean {
    const isPart = list !== "archived" && list !== "requests";
    return this.#ends.get(list) !== null && !(isPart && this.#ends.get("open") === null);
  }

  /** The first page, and that of requests, in place of what there was. */
  async load(): Promise<void> {
    const [open, requests] = await Promise.all([this.#page(null, "open"), this.#page(null, "requests")]);
    this.#all = new Map([...open.nodes, ...requests.nodes].map((one) => [one.id, one]));
    this.#ends = new Map([["open", endOf(open.pageInfo)], ["requests", endOf(requests.pageInfo)]]);
    this.#loaded = true;
    this.changed();
  }

  /** The next page of a list. */
  async more(list: List): Promise<void> {
    if (!this.hasMore(list)) return;
    const page = await this.#page(this.#ends.get(list) ?? null, list);
    for (const one of page.nodes) this.#all.set(one.id, one);
    this.#ends.set(list, endOf(page.pageInfo));
    this.changed();
  }

  put(conversation: ConversationView): void {
    this.#all.set(conversation.id, conversation);
    this.changed();
  }

  /** A user is seen in another way. */
  renamed(user: UserView): void {
    this.#all = new Map([...this.#all].map(([id, one]) => [id, withUser(one, user)]));
    this.changed();
  }

  remove(id: string): void {
    this.#all.delete(id);
    this.changed();
  }

  /** A message came: the list moves at once, and the conversation is fetched. */
  created(message: MessageView, countsAsUnread: boolean): void {
    const known = this.#all.get(message.conversationId);
    if (known && message.seq >= (known.lastMessage?.seq ?? 0)) {
      this.#all.set(known.id, {
        ...known,
        lastMessage: message,
        lastMessageAt: message.createdAt,
        lastSeq: message.seq,
        unreadCount: known.unreadCount + (countsAsUnread ? 1 : 0),
      });
      this.changed();
    }
    this.stale(message.conversationId);
  }

  updated(message: MessageView): void {
    const known = this.#all.get(message.conversationId);
    if (known?.lastMessage?.id === message.id) this.put({ ...known, lastMessage: message });
    this.stale(message.conversationId);
  }

  /** Changes a conversation before the server says so. */
  adjust(id: string, change: Partial<ConversationView>): void {
    const known = this.#all.get(id);
    if (known) this.put({ ...known, ...change });
  }

  /** Fetches a conversation, soon. */
  stale(id: string): void {
    this.#stale.soon(id);
  }

  /** Fetches a conversation; undefined if the viewer may not see it. */
  async fetch(id: string): Promise<ConversationView | undefined> {
    const { conversation } = await this.#request<{ conversation: ConversationView | null }>(ONE_CONVERSATION, { id });
    if (conversation) this.put(conversation);
    else this.remove(id);
    return conversation ?? undefined;
  }

  stop(): void {
    this.#stale.stop();
  }

  /** Fetches a conversation; one that the viewer may not see is removed. */
  async #freshen(id: string): Promise<void> {
    try {
      await this.fetch(id);
    } catch (error) {
      if (codeOf(error) !== "NOT_FOUND") throw error;
      this.remove(id);
    }
  }

  async #page(after: string | null, list: List): Promise<Page["conversations"]> {
    const variables = { first: PAGE, after, filter: filterOf(list) };
    return (await this.#request<Page>(CONVERSATIONS, variables)).conversations;
  }
}

function filterOf(list: List): Schema.ConversationFilter | null {
  switch (list) {
    case "open": return null;
    case "archived": return { archived: true };
    case "requests": return { requests: true };
    case "unread": return { unread: true };
    case "starred": return { starred: true };
    case "groups": return { kind: "GROUP" };
    default: return { label: list.slice(1) };
  }
}

function newestOf(conversation: ConversationView): string {
  return conversation.lastMessageAt ?? conversation.createdAt;
}

/** The cursor of the next page; null after the last one. */
export function endOf({ hasNextPage, endCursor }: End): string | null {
  return hasNextPage ? endCursor : null;
}

/** The list that a conversation is in. */
export function shelfOf({ isRequest, archivedAt }: ConversationView): Shelf {
  if (isRequest) return "requests";
  return archivedAt === null ? "open" : "archived";
}

export function isUnread({ unreadCount, markedUnread }: ConversationView): boolean {
  return unreadCount > 0 || markedUnread;
}

/** Whether a role changes a group, its members and the messages of others. */
export function manages(role: Schema.ParticipantRole | undefined): boolean {
  return role === "OWNER" || role === "MODERATOR";
}
