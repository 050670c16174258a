// Polls: one is sent, voted in, and closed.

import { ASK, CLOSE, type MessageView, VOTE } from "./documents.ts";
import type { Request, Variables } from "./http.ts";

/** A poll that is to be sent. */
export interface Question {
  question: string;
  options: string[];
  multiple: boolean;
  anonymous: boolean;
  closesAt: string | null;
}

type Take = (message: MessageView) => void;

export class Polls {
  readonly #request: Request;
  readonly #created: Take;
  readonly #shown: Take;

  constructor(request: Request, created: Take, shown: Take) {
    this.#request = request;
    this.#created = created;
    this.#shown = shown;
  }

  /** Asked again with the same id, it is sent once. */
  async send(conversation: string, question: Question, clientMessageId: string): Promise<void> {
    this.#created(await this.#ask(ASK, { id: conversation, clientMessageId, ...question }));
  }

  /** Votes for these options alone. */
  async vote(message: string, options: string[]): Promise<void> {
    this.#shown(await this.#ask(VOTE, { id: message, options }));
  }

  async close(message: string): Promise<void> {
    this.#shown(await this.#ask(CLOSE, { id: message }));
  }

  async #ask(mutation: string, variables: Variables): Promise<MessageView> {
    return (await this.#request<{ message: MessageView }>(mutation, variables)).message;
  }
}
