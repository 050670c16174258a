// Forwarding a message: which copies are stored, and which their conversations refused.

import { FORWARD, type MessageView } from "./documents.ts";
import { Pauses, backoff } from "./emitter.ts";
import { passes, waitOf } from "./errors.ts";
import type { Request } from "./http.ts";

/** Conversations that one forward goes to. */
export const MOST_FORWARDS = 10;
/** Attempts of a forward without an outcome, all under one client id. */
const ATTEMPTS = 3;
const WAIT_MOST_MS = 10_000;

export interface Forward {
  /** Chosen once per forward: asked for again under it, it is stored and charged once. */
  clientMessageId: string;
  messageId: string;
  to: string[];
  comment: string | null;
}

export interface Forwarded {
  copies: MessageView[];
  /** Conversations that refused their copy. */
  refused: string[];
}

export async function forward(request: Request, { clientMessageId, messageId, to, comment }: Forward): Promise<Forwarded> {
  const pauses = new Pauses();
  const variables = { id: messageId, to, comment, client: clientMessageId };
  for (let attempt = 1; ; attempt++) {
    try {
      const { forwardMessage } = await request<{ forwardMessage: MessageView[] }>(FORWARD, variables);
      const stored = new Set(forwardMessage.map((copy) => copy.conversationId));
      return { copies: forwardMessage, refused: to.filter((one) => !stored.has(one)) };
    } catch (error) {
      if (!passes(error) || attempt >= ATTEMPTS || waitOf(error) > WAIT_MOST_MS) throw error;
      await pauses.for(Math.max(waitOf(error), backoff(attempt)));
    }
  }
}
