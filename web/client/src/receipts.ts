// What the receipts of others say of the user's own messages.

import type { Conversations } from "./conversations.ts";
import { STATUSES, type StatusView } from "./documents.ts";
import { Gathering } from "./gathering.ts";
import type { Request } from "./http.ts";
import type { ReceiptView } from "./inbox.ts";
import type { Timeline } from "./timeline.ts";

/** How long receipts wait for others before counts are fetched. */
const GATHER_MS = 300;

export class Receipts {
  readonly #request: Request;
  readonly #conversations: Conversations;
  readonly #timeline: (conversation: string) => Timeline | undefined;
  readonly #counting = new Gathering(GATHER_MS, (conversation) => this.#count(conversation));

  constructor(request: Request, conversations: Conversations, timeline: (conversation: string) => Timeline | undefined) {
    this.#request = request;
    this.#conversations = conversations;
    this.#timeline = timeline;
  }

  stop(): void {
    this.#counting.stop();
  }

  /** One advanced. Of the other member of two it says all; in groups counts are fetched. */
  advanced({ messageId, conversationId, readAt, user }: ReceiptView, me: string): void {
    if (user.id === me) {
      // What the user's devices have stored changes nothing that is shown.
      if (readAt) this.#conversations.stale(conversationId);
      return;
    }
    const timeline = this.#timeline(conversationId);
    if (!timeline) return;
    const upTo = timeline.messages.find((message) => message.id === messageId);
    const isDirect = this.#conversations.get(conversationId)?.kind === "DIRECT";
    if (!upTo || !isDirect) {
      this.#counting.soon(conversationId);
      return;
    }
    timeline.adjust((message) => {
      const concerned = message.sender.id === me && message.seq <= upTo.seq && message.status !== "READ";
      if (!concerned) return message;
      const readByCount = readAt ? message.recipientCount : message.readByCount;
      return { ...message, status: readAt ? "READ" : "DELIVERED", readByCount };
    });
  }

  async #count(conversation: string): Promise<void> {
    const { messages } = await this.#request<{ messages: { nodes: StatusView[] } }>(STATUSES, { id: conversation });
    const found = new Map(messages.nodes.map((one) => [one.id, one]));
    this.#timeline(conversation)?.adjust((message) => {
      const one = found.get(message.id);
      return one ? { ...message, ...one } : message;
    });
  }
}
