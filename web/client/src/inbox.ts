// The socket: one inbox, resumed at its last cursor over cuts, drains and new tokens, and what else sockets serve:
// queries, a few mutations, other subscriptions.
//
// Invariant: an event is handled before its cursor counts as seen, so nothing is missed between the two.

import { type Client as Sockets, createClient } from "graphql-ws";
import { type AttachmentView, INBOX, type MessageView, type PresenceView, type TranslatedView, type UserView } from "./documents.ts";
import { Changing, Pauses, backoff } from "./emitter.ts";
import { ApiError } from "./errors.ts";
import type { Variables } from "./http.ts";
import { isOffline } from "./network.ts";
import type * as Schema from "./schema.ts";
import type { Session } from "./session.ts";
import type { Typist } from "./typing.ts";

/** "connecting" from the start and after each cut; "live" once everything missed has come. */
export type Connection = "offline" | "connecting" | "live";

export type InboxEvent =
  | { __typename: "MessageCreated"; message: MessageView }
  | { __typename: "MessageChanged"; message: MessageView & TranslatedView; change: Schema.MessageChangeKind }
  | { __typename: "ConversationChanged"; left: boolean; conversation: { id: string } }
  | { __typename: "ReceiptAdvanced"; receipt: ReceiptView }
  | { __typename: "AccountChanged"; what: Schema.AccountPart }
  | { __typename: "ReactionChanged"; reaction: { messageId: string; conversationId: string } }
  | { __typename: "PinChanged"; pin: { message: MessageView } }
  | { __typename: "AttachmentChanged"; attachment: AttachmentView }
  | { __typename: "TypingChanged"; conversationId: string; typing: Typist & { isTyping: boolean } }
  | { __typename: "PresenceChanged"; presence: PresenceView }
  | { __typename: "UserChanged"; user: UserView }
  | { __typename: "SendRejected"; clientMessageId: string; code: string; detail: string }
  | { __typename: "ResumeGap"; reason: string }
  | { __typename: "Drained"; replayed: number };

export type ReceiptView = Pick<Schema.MessageReceipt, "messageId" | "conversationId" | "readAt"> & {
  user: { id: string };
};

interface Frame {
  inbox: { cursor: string | null; event: InboxEvent };
}

/** What a token is refused with; and where a new one may help. */
const RENEW = new Set([4401, 4403]);
/** The client is pinged by the server; it pings itself to see a dead connection sooner. */
const PING_MS = 10_000;
const PONG_WITHIN_MS = 5_000;
/** The server drains, or asks to wait. */
const LATER_MS: Record<number, number> = { 1012: 1_000, 4901: 10_000, 4903: 30_000 };

export class Inbox extends Changing {
  readonly #session: Session;
  readonly #handle: (event: InboxEvent) => void;
  readonly #sockets: Sockets;
  #connection: Connection = "connecting";
  #cursor: string | null = null;
  #closed: number | undefined;
  readonly #pinged = new Set<() => void>();
  readonly #pauses = new Pauses();
  #leave = () => {};
  #pong: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, session: Session, handle: (event: InboxEvent) => void, webSocketImpl?: unknown) {
    super();
    this.#session = session;
    this.#handle = handle;
    let ids = 0;
    // One page, or one program, is one device over all its connections.
    const deviceId = crypto.randomUUID();
    this.#sockets = createClient({
      url,
      webSocketImpl,
      lazy: true,
      keepAlive: PING_MS,
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
      retryWait: (attempt) => this.#wait(attempt),
      generateID: ({ operationName }) => (operationName === "Inbox" ? "Inbox" : `${++ids}`),
      connectionParams: async () => ({ authorization: `Bearer ${await this.#token()}`, deviceId }),
      on: {
        closed: (event) => {
          this.#closed = (event as { code?: number }).code;
          clearTimeout(this.#pong);
          this.#set(isOffline() ? "offline" : "connecting");
        },
        ping: (received, payload) => {
          if (received) {
            const cursors = payload?.["cursors"] as { Inbox?: string } | undefined;
            this.#cursor = cursors?.Inbox ?? this.#cursor;
            for (const listener of this.#pinged) listener();
          } else {
            this.#pong = setTimeout(() => this.#sockets.terminate(), PONG_WITHIN_MS);
          }
        },
        pong: (received) => {
          if (received) clearTimeout(this.#pong);
        },
      },
    });
  }

  get connection(): Connection {
    return this.#connection;
  }

  open(): void {
    const inbox = this;
    // Read whenever the operation is sent, so that a retry resumes.
    const variables = {
      get after() {
        return inbox.#cursor;
      },
    };
    const next = (answer: { data?: unknown; errors?: readonly unknown[] | undefined }) => {
      const frame = answer.data as Frame | undefined;
      if (!frame || answer.errors) {
        this.#sockets.terminate();
        return;
      }
      this.#handle(frame.inbox.event);
      this.#cursor = frame.inbox.cursor ?? this.#cursor;
      if (frame.inbox.event.__typename === "Drained") this.#set("live");
    };
    const again = () => {
      // A refused operation, which its connection survives: tried again, later.
      if (this.#connection === "offline" && !isOffline()) this.#set("connecting");
      void this.#pauses.for(backoff(3)).then(() => !this.#ended && this.open());
    };
    const sink = { next, error: again, complete: again };
    this.#leave = this.#sockets.subscribe({ operationName: "Inbox", query: INBOX, variables }, sink);
  }

  #ended = false;

  async close(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#pong);
    this.#leave();
    this.wake();
    await this.#sockets.dispose();
  }

  /** Connects now rather than after its wait: the network is back, or the page is seen again. */
  wake(): void {
    this.#pauses.end();
  }

  /** The network is gone: what the socket says of it would come late. */
  cut(): void {
    this.#sockets.terminate();
    this.#set("offline");
  }

  /** Called for each ping of the server. Gives a function that ends it. */
  onPing(listener: () => void): () => void {
    this.#pinged.add(listener);
    return () => this.#pinged.delete(listener);
  }

  /** Subscribes to something beside the inbox, over reconnects, until the function that it gives is called. */
  follow<T>(query: string, variables: Variables, sink: { next: (data: T) => void; over: () => void }): () => void {
    return this.#sockets.subscribe(
      { query, variables },
      {
        next: ({ data, errors }) => data && !errors && sink.next(data as T),
        error: sink.over,
        complete: sink.over,
      },
    );
  }

  /** Runs a query, or a mutation that sockets serve. Fails at once while there is no connection. */
  run<T>(query: string, variables: Variables): Promise<T> {
    if (this.#connection !== "live") return Promise.reject(new Error("there is no connection"));
    let unwatch = () => {};
    return new Promise<T>((resolve, reject) => {
      let answer: T | undefined;
      const leave = this.#sockets.subscribe(
        { query, variables },
        {
          next: ({ data, errors }) => {
            const refused = errors?.[0];
            if (refused) return reject(new ApiError(refused.message, refused.extensions));
            answer = data as T;
          },
          error: reject,
          complete: () => (answer === undefined ? reject(new Error("no answer")) : resolve(answer)),
        },
      );
      // The socket does not repeat it: its caller does.
      unwatch = this.onChange(() => {
        if (this.#connection === "live") return;
        leave();
        reject(new Error("the connection is cut"));
      });
    }).finally(() => unwatch());
  }

  async #token(): Promise<string> {
    const refused = this.#closed !== undefined && RENEW.has(this.#closed);
    this.#closed = undefined;
    return refused ? this.#session.renew() : this.#session.token();
  }

  async #wait(attempt: number): Promise<void> {
    const least = LATER_MS[this.#closed ?? 0] ?? 0;
    await this.#pauses.for(Math.random() * least + backoff(attempt));
    while (isOffline() && !this.#ended) await this.#pauses.for(60_000);
  }

  #set(connection: Connection): void {
    if (this.#connection === connection) return;
    this.#connection = connection;
    this.changed();
  }
}
