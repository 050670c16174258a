// The client of one user: what the app asks, and what becomes of what the inbox says.

import { Acknowledgements } from "./acknowledgements.ts";
import { Conversations } from "./conversations.ts";
import {
  ACCEPT, type AttachmentView, CREATE, type ConversationView, DECLINE, DELETE, EDIT, FLAGS, type FlagView, GIFS, type GifView, ME, type MessageView,
  ONE_MESSAGE, PIN, REACT, SMART_REPLIES, UNPIN, UNREACT, type UserView,
} from "./documents.ts";
import { Changing } from "./emitter.ts";
import { Files } from "./files.ts";
import { Flags } from "./flags.ts";
import { type Forward, forward } from "./forwards.ts";
import { Gathering } from "./gathering.ts";
import { Heartbeats } from "./heartbeats.ts";
import { Http, type Request, type Variables } from "./http.ts";
import { type Connection, Inbox, type InboxEvent } from "./inbox.ts";
import { watchNetwork } from "./network.ts";
import { type Made, Outbox } from "./outbox.ts";
import { Pins } from "./pins.ts";
import { Polls } from "./polls.ts";
import { Presence } from "./presence.ts";
import { Receipts } from "./receipts.ts";
import { Recordings } from "./recordings.ts";
import type * as Schema from "./schema.ts";
import { type Found, type FoundMessages, type Within, cut, search, searchMessages, searchUsers } from "./search.ts";
import type { Session } from "./session.ts";
import { Stickers } from "./stickers.ts";
import { type OutboxStorage, storageOf } from "./storage.ts";
import { Templates } from "./templates.ts";
import { Timeline } from "./timeline.ts";
import { Translations } from "./translations.ts";
import { Typing } from "./typing.ts";
import { Uploads } from "./uploads.ts";
import { withUser } from "./users.ts";

export interface Options {
  /** Where requests go, and where sockets are opened: two URLs of `/graphql`. */
  api: string;
  sockets: string;
  session: Session;
  /** Keeps the outbox of a user; by default IndexedDB, or memory where there is none. */
  storage?: (user: string) => OutboxStorage;
  /** The WebSocket of an environment that has none of its own. */
  webSocket?: unknown;
}

/** Timelines in memory; the one that was not asked for the longest goes. */
const TIMELINES = 20;
/** How long changes wait for others before what they changed is read. */
const GATHER_MS = 300;
const PRESENCE_FLAG = "messaging.presence_system";

export class Client extends Changing {
  readonly conversations: Conversations;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly typing: Typing;
  readonly presence: Presence;
  readonly pins: Pins;
  readonly uploads: Uploads;
  readonly files: Files;
  readonly heartbeats: Heartbeats;
  readonly flags: Flags;
  readonly polls: Polls;
  readonly recordings: Recordings;
  readonly templates: Templates;
  readonly stickers: Stickers;
  readonly translations: Translations;
  #me: UserView;
  readonly #request: Request;
  readonly #acknowledgements: Acknowledgements;
  readonly #receipts: Receipts;
  readonly #timelines = new Map<string, Timeline>();
  readonly #reading = new Gathering(GATHER_MS, (message) => this.#read(message));
  readonly #account = new Set<(part: Schema.AccountPart) => void>();
  readonly #events = new Set<(event: InboxEvent) => void>();
  readonly #switching = new Gathering(GATHER_MS, () => this.#readFlags());
  #fresh = false;
  #unwatch = () => {};

  /** Signs in, and follows the inbox from now on. */
  static async open(options: Options): Promise<Client> {
    const http = new Http(options.api, options.session);
    const { me, featureFlags } = await http.request<{ me: UserView; featureFlags: FlagView[] }>(ME);
    const client = new Client(options, http, me, featureFlags);
    await client.#start();
    return client;
  }

  private constructor(options: Options, http: Http, me: UserView, flags: FlagView[]) {
    super();
    this.#me = me;
    this.flags = new Flags(flags);
    this.#request = (query, variables) => http.request(query, variables);
    const keep = options.storage ?? storageOf;
    this.conversations = new Conversations(this.#request);
    this.pins = new Pins(this.#request);
    this.files = new Files(this.#request);
    this.uploads = new Uploads(this.#request, options.api);
    this.outbox = new Outbox(this.#request, keep(me.id), (message) => this.#created(message));
    this.recordings = new Recordings(this.uploads, (to, answering, one) => this.outbox.add(to, "", answering, [one], { isVoice: true }));
    this.inbox = new Inbox(options.sockets, options.session, (event) => this.#handle(event), options.webSocket);
    this.#acknowledgements = new Acknowledgements(this.inbox, (id) => this.conversations.stale(id));
    this.#receipts = new Receipts(this.#request, this.conversations, (id) => this.#timelines.get(id));
    this.typing = new Typing(this.inbox);
    const hasPresence = () => this.flags.isOn(PRESENCE_FLAG);
    this.polls = new Polls(this.#request, (message) => this.#created(message), (message) => this.#shown(message));
    this.templates = new Templates(this.#request);
    this.stickers = new Stickers(this.#request);
    this.translations = new Translations(this.#request);
    this.presence = new Presence(this.inbox, hasPresence);
    this.heartbeats = new Heartbeats(this.inbox, hasPresence);
    this.inbox.onChange(() => this.#connected());
  }

  get me(): UserView {
    return this.#me;
  }

  get connection(): Connection {
    return this.inbox.connection;
  }

  async #start(): Promise<void> {
    this.inbox.open();
    this.#unwatch = watchNetwork(() => {
      for (const one of [this.inbox, this.outbox, this.uploads]) one.wake();
    }, () => this.inbox.cut());
    await this.outbox.open();
  }

  async close(): Promise<void> {
    this.#unwatch();
    this.#receipts.stop();
    this.#reading.stop();
    this.#switching.stop();
    for (const timeline of this.#timelines.values()) timeline.close();
    this.outbox.close();
    this.uploads.close();
    const { conversations, pins, templates, typing, presence, heartbeats } = this;
    for (const one of [conversations, pins, templates, this.#acknowledgements, typing, presence, heartbeats]) one.stop();
    await this.inbox.close();
  }

  request<T>(query: string, variables: Variables = {}): Promise<T> {
    return this.#request<T>(query, variables);
  }

  /** Called for each part of the account that changed, on this device or another. */
  onAccount(listener: (part: Schema.AccountPart) => void): () => void {
    this.#account.add(listener);
    return () => this.#account.delete(listener);
  }

  /** Called for each event of the inbox, after the client has taken it in. */
  onEvent(listener: (event: InboxEvent) => void): () => void {
    this.#events.add(listener);
    return () => this.#events.delete(listener);
  }

  timeline(id: string): Timeline {
    const known = this.#timelines.get(id);
    const timeline = known ?? new Timeline(id, this.#request, this.outbox);
    // The last in the map was asked for last.
    this.#timelines.delete(id);
    this.#timelines.set(id, timeline);
    const [oldest] = this.#timelines.values();
    if (this.#timelines.size > TIMELINES && oldest) {
      oldest.close();
      this.#timelines.delete(oldest.id);
    }
    return timeline;
  }

  async send(
    conversation: string, content: string, replyTo: string | null = null, files: AttachmentView[] = [], made: Partial<Made> = {},
  ): Promise<void> {
    await this.outbox.add(conversation, content, replyTo, files, made);
  }

  /** GIFs that a text finds, from the one behind `after` on. */
  async searchGifs(text: string, locale: string, after: string | null = null): Promise<GifView[]> {
    return (await this.request<{ searchGifs: GifView[] }>(GIFS, { text: cut(text), locale, after })).searchGifs;
  }

  /** Copies a message into others of the user's conversations; those that refused their copy. */
  async forward(wanted: Forward): Promise<string[]> {
    const { copies, refused } = await forward(this.#request, wanted);
    for (const copy of copies) this.#created(copy);
    return refused;
  }

  async edit(message: string, content: string): Promise<void> {
    const { editMessage } = await this.request<{ editMessage: MessageView }>(EDIT, { id: message, content });
    this.#updated(editMessage);
  }

  async remove(message: string): Promise<void> {
    const { deleteMessage } = await this.request<{ deleteMessage: MessageView }>(DELETE, { id: message });
    this.#updated(deleteMessage);
  }

  /** Adds the user's reaction to a message, or removes it. */
  async react(message: string, emoji: string, isOn: boolean): Promise<void> {
    const mutation = isOn ? REACT : UNREACT;
    const answer = await this.request<{ message: MessageView }>(mutation, { id: message, emoji });
    this.#shown(answer.message);
  }

  /** Short answers to a message of another user, at most three; NOT_FOUND while its row is not there yet. */
  async smartReplies(message: string): Promise<string[]> {
    const answer = await this.request<{ smartReplies: string[] }>(SMART_REPLIES, { id: message });
    return answer.smartReplies;
  }

  async pin(message: string, isOn: boolean): Promise<void> {
    const answer = await this.request<{ message: MessageView }>(isOn ? PIN : UNPIN, { id: message });
    this.#pinned(answer.message);
  }

  async create(input: Omit<Schema.CreateConversationInput, "clientConversationId">): Promise<ConversationView> {
    const clientConversationId = crypto.randomUUID();
    const variables = { input: { ...input, clientConversationId } };
    const { createConversation } = await this.request<{ createConversation: ConversationView }>(CREATE, variables);
    this.conversations.put(createConversation);
    return createConversation;
  }

  /** Takes up a conversation that waits for the user. */
  async accept(conversation: string): Promise<void> {
    const answer = await this.request<{ acceptMessageRequest: ConversationView }>(ACCEPT, { id: conversation });
    this.conversations.put(answer.acceptMessageRequest);
  }

  /** Refuses a conversation that waits for the user: it is gone. */
  async decline(conversation: string): Promise<void> {
    await this.request(DECLINE, { id: conversation });
    this.conversations.remove(conversation);
  }

  search(text: string): Promise<Found> {
    return search(this.#request, text, this.flags.isOn("messaging.message_search"));
  }

  searchFurther(text: string, after: string): Promise<FoundMessages> {
    return searchMessages(this.#request, text, {}, after);
  }

  /** A page of messages alone; the first one without a cursor. */
  searchMessages(text: string, within: Within, after: string | null = null): Promise<FoundMessages> {
    return searchMessages(this.#request, text, within, after);
  }

  searchUsers(text: string): Promise<UserView[]> {
    return searchUsers(this.#request, text);
  }

  /** The user has seen a conversation up to this message. */
  read(message: Pick<MessageView, "id" | "seq" | "conversationId">): void {
    this.conversations.adjust(message.conversationId, { unreadCount: 0, markedUnread: false });
    this.#acknowledgements.read(message.conversationId, message.seq, message.id);
  }

  /** The user wants to come back to a conversation. */
  unread(conversation: string): void {
    this.#acknowledgements.unread(conversation);
  }

  #connected(): void {
    if (this.connection === "live") {
      this.outbox.wake();
      this.#acknowledgements.flush();
      this.heartbeats.beat();
      this.presence.refresh();
      // Changes of flags are not replayed.
      this.#switching.soon("flags");
    }
    this.changed();
  }

  #handle(event: InboxEvent): void {
    switch (event.__typename) {
      case "MessageCreated":
        this.#created(event.message);
        break;
      case "MessageChanged":
        this.#updated(event.message);
        if (event.change === "TRANSLATED") this.translations.take(event.message);
        break;
      case "ConversationChanged":
        if (event.left) this.conversations.remove(event.conversation.id);
        else this.conversations.stale(event.conversation.id);
        break;
      case "ReceiptAdvanced":
        this.#receipts.advanced(event.receipt, this.me.id);
        break;
      case "AccountChanged":
        if (event.what === "FLAGS") this.#switching.soon("flags");
        if (event.what === "TEMPLATES") this.templates.refresh();
        // What is not read just now is read when it is next looked at.
        if (event.what === "STICKERS") void this.stickers.reload().catch(() => {});
        for (const listener of this.#account) listener(event.what);
        break;
      case "ReactionChanged":
        this.#reacted(event.reaction);
        break;
      case "PinChanged":
        this.#pinned(event.pin.message);
        break;
      case "AttachmentChanged":
        this.uploads.changedTo(event.attachment);
        break;
      case "TypingChanged":
        this.typing.changedTo(event.conversationId, event.typing);
        break;
      case "PresenceChanged":
        this.presence.changedTo(event.presence);
        break;
      case "UserChanged":
        this.#renamed(event.user);
        break;
      case "SendRejected":
        this.outbox.refused(event.clientMessageId, event.code);
        break;
      case "ResumeGap":
        this.#fresh = false;
        break;
      case "Drained":
        this.#drained();
        break;
    }
    for (const listener of this.#events) listener(event);
  }

  /** Subscribed first, then asked: what came between the two is dropped by its number. */
  #drained(): void {
    if (this.#fresh) return;
    this.#fresh = true;
    const again = () => {
      this.#fresh = false;
      this.inbox.wake();
    };
    this.conversations.load().then(() => this.#stored(), again);
    this.pins.refresh();
    this.templates.refresh();
    this.uploads.refresh();
    for (const timeline of this.#timelines.values()) timeline.refresh().catch(() => {});
  }

  /** What came before this device was there is on it with the list. */
  #stored(): void {
    for (const { id, unreadCount, lastMessage } of this.conversations.list) {
      if (unreadCount > 0 && lastMessage) this.#acknowledgements.delivered(id, lastMessage.seq, lastMessage.id);
    }
  }

  #created(message: MessageView): void {
    const mine = message.sender.id === this.me.id;
    if (mine && message.clientMessageId) this.outbox.settled(message.clientMessageId);
    this.typing.sent(message.conversationId, message.sender.id);
    const known = this.conversations.get(message.conversationId);
    const isNew = message.seq > (known?.lastSeq ?? 0);
    this.conversations.created(message, isNew && !mine && message.contentType !== "SYSTEM");
    this.#timelines.get(message.conversationId)?.created(message);
    if (!mine) this.#acknowledgements.delivered(message.conversationId, message.seq, message.id);
  }

  #updated(message: MessageView): void {
    this.conversations.updated(message);
    this.pins.updated(message);
    this.#shown(message);
  }

  /** A message as it is now, of which the list of conversations shows nothing new. */
  #shown(message: MessageView): void {
    this.#timelines.get(message.conversationId)?.updated(message);
  }

  #pinned(message: MessageView): void {
    this.#shown(message);
    this.pins.changedIn(message.conversationId);
  }

  /** `hasReacted` depends on the viewer: the message is read again, if it is shown or being fetched. */
  #reacted({ messageId, conversationId }: { messageId: string; conversationId: string }): void {
    const timeline = this.#timelines.get(conversationId);
    const isShown = timeline?.messages.some((message) => message.id === messageId);
    if (isShown || timeline?.isFetching) this.#reading.soon(messageId);
  }

  #renamed(user: UserView): void {
    this.#me = withUser(this.#me, user);
    this.conversations.renamed(user);
    this.pins.renamed(user);
    for (const timeline of this.#timelines.values()) timeline.renamed(user);
    this.changed();
  }

  async #readFlags(): Promise<void> {
    const hadPresence = this.flags.isOn(PRESENCE_FLAG);
    this.flags.set((await this.request<{ featureFlags: FlagView[] }>(FLAGS)).featureFlags);
    if (this.flags.isOn(PRESENCE_FLAG) === hadPresence) return;
    this.heartbeats.beat();
    this.presence.refresh();
  }

  async #read(id: string): Promise<void> {
    const { message } = await this.request<{ message: MessageView | null }>(ONE_MESSAGE, { id });
    if (message) this.#shown(message);
  }
}
