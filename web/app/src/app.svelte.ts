// What is open in the app: the user's client, the conversation that is looked at, what is being written.

import { getContext, setContext } from "svelte";
import { type Client, type ConversationView, type MessageView, codeOf, waitOf } from "@musclemap/client";
import { live } from "./live.ts";
import { UNREAD } from "./mutations.ts";
import { faceOf } from "./names.ts";
import { type Connection, Paged } from "./paged.svelte.ts";
import { Player } from "./player.svelte.ts";
import type { Setting } from "./session.ts";
import { errorText, language, t } from "./texts.svelte.ts";
import { later } from "./times.ts";

export type Panel = "details" | "search" | null;
export type DialogName = "new" | "settings" | "credits" | "templates" | "reports" | "stickers" | null;

export interface Toast {
  id: number;
  text: string;
  isError: boolean;
}

/** Where one is, by the address: `#/c/CONVERSATION`, `#/c/CONVERSATION/m/MESSAGE`. */
export interface Route {
  conversation: string | null;
  message: string | null;
}

const TOAST_MS = 5_000;
/** Pages of blocked users that are fetched; beyond, a block is shown in the settings alone. */
const BLOCKED_PAGES = 40;

export function routeOf(hash: string): Route {
  const [, conversation, message] = /^#\/c\/([^/]+)(?:\/m\/([^/]+))?$/.exec(hash) ?? [];
  return {
    conversation: conversation ? decodeURIComponent(conversation) : null,
    message: message ? decodeURIComponent(message) : null,
  };
}

export class App {
  readonly client: Client;
  readonly setting: Setting;
  readonly player: Player;
  /** Whether the user moderates the service. */
  readonly isModerator: boolean;
  readonly leave: () => void;
  route = $state.raw<Route>(routeOf(location.hash));
  panel = $state<Panel>(null);
  dialog = $state<DialogName>(null);
  toasts = $state.raw<Toast[]>([]);
  /** The text of the live region, for screen readers. */
  said = $state("");
  replyTo = $state.raw<MessageView | null>(null);
  editing = $state.raw<MessageView | null>(null);
  /** The message that the open conversation is to show. */
  sought = $state.raw<{ id: string } | null>(null);
  blocked = $state.raw<ReadonlySet<string>>(new Set());
  /** Whether messages in other languages are translated by themselves. */
  autoTranslate = $state(false);
  /** The labels of the user's conversations, those that are not known among them. */
  labels = $state.raw<readonly string[]>([]);
  #toast = 0;

  constructor(client: Client, setting: Setting, isModerator: boolean, leave: () => void) {
    this.client = client;
    this.player = new Player(client);
    this.setting = setting;
    this.isModerator = isModerator;
    this.leave = leave;
  }

  get me() {
    return live(this.client).me;
  }

  /** Whether a user is there, as far as it is known and shown. */
  statusOf(user: string): "ONLINE" | "AWAY" | null {
    const status = live(this.client.presence).of(user)?.status ?? "OFFLINE";
    return status === "OFFLINE" ? null : status;
  }

  /** Whether the user has a feature. */
  has(feature: string): boolean {
    return live(this.client.flags).isOn(`messaging.${feature}`);
  }

  get conversation(): ConversationView | undefined {
    const { conversation } = this.route;
    return conversation === null ? undefined : live(this.client.conversations).get(conversation);
  }

  go(conversation: string | null, message: string | null = null): void {
    const place = conversation === null ? "#/" : `#/c/${encodeURIComponent(conversation)}`;
    const whole = message === null ? place : `${place}/m/${encodeURIComponent(message)}`;
    // The same address once more: what it names may have been left.
    if (location.hash === whole) this.moved();
    else location.hash = whole;
  }

  /** The address has changed. */
  moved(): void {
    const route = routeOf(location.hash);
    if (route.conversation !== this.route.conversation) {
      this.replyTo = null;
      this.editing = null;
      this.sought = null;
      if (route.conversation === null) this.panel = null;
    }
    this.route = route;
  }

  tell(text: string, isError = false): void {
    const id = ++this.#toast;
    this.toasts = [...this.toasts.slice(-2), { id, text, isError }];
    setTimeout(() => (this.toasts = this.toasts.filter((toast) => toast.id !== id)), TOAST_MS);
  }

  /** Does something, and says so if it fails; whether it succeeded. */
  async attempt(what: () => Promise<unknown>): Promise<boolean> {
    try {
      await what();
      return true;
    } catch (error) {
      const wait = codeOf(error) === "RATE_LIMITED" ? waitOf(error) : 0;
      this.tell(wait > 0 ? t("error.wait", { time: later(wait, language()) }) : errorText(codeOf(error)), true);
      return false;
    }
  }

  /** Opens the conversation of two with a user; it begins where there was none. */
  async write(user: string): Promise<void> {
    await this.attempt(async () => this.go((await this.client.create({ kind: "DIRECT", participantIds: [user] })).id));
  }

  /** A mutation of a conversation, which is fetched after it. */
  async mutate(conversation: string, mutation: string, variables: Record<string, unknown> = {}): Promise<void> {
    await this.client.request(mutation, { id: conversation, ...variables });
    await this.client.conversations.fetch(conversation);
  }

  /** A mutation of a conversation; shows its failure. Whether it succeeded. */
  change(conversation: string, mutation: string, variables: Record<string, unknown> = {}): Promise<boolean> {
    return this.attempt(() => this.mutate(conversation, mutation, variables));
  }

  /** The user wants to come back to a conversation, which is left. */
  async markUnread(conversation: string): Promise<void> {
    this.client.unread(conversation);
    if ((await this.change(conversation, UNREAD)) && this.route.conversation === conversation) this.go(null);
  }

  /** All of them, so that each conversation shows its own. */
  async loadBlocked(): Promise<void> {
    const query = "query Blocked($after: String) { blockedUsers(first: 50, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }";
    const all = new Paged<{ id: string }>(async (after) => {
      return (await this.client.request<{ blockedUsers: Connection<{ id: string }> }>(query, { after })).blockedUsers;
    }, (user) => user.id);
    await all.load();
    for (let pages = 1; all.hasMore && pages < BLOCKED_PAGES; pages++) await all.more();
    this.blocked = new Set(all.nodes?.map((user) => user.id));
  }

  /** Blocks have changed, here or on another device: so has whether the user may write. */
  async reloadBlocked(): Promise<void> {
    const before = this.blocked;
    await this.loadBlocked();
    for (const conversation of this.client.conversations.list) {
      const { user } = faceOf(conversation, this.me.id);
      if (user && before.has(user.id) !== this.blocked.has(user.id)) this.client.conversations.stale(conversation.id);
    }
  }

  setBlocked(user: string, isBlocked: boolean): Promise<boolean> {
    const field = isBlocked ? "blockUser" : "unblockUser";
    return this.attempt(async () => {
      await this.client.request(`mutation Block($id: ID!) { ${field}(userId: $id) }`, { id: user });
      await this.reloadBlocked();
      this.tell(t(isBlocked ? "block.done" : "block.undone"));
    });
  }
}

const APP = Symbol("app");

export function provide(app: App): void {
  setContext(APP, app);
}

export function getApp(): App {
  return getContext<App>(APP);
}
