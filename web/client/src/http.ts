// Requests over HTTP, each with a deadline; a token that is refused is renewed once.

import { ApiError, NETWORK } from "./errors.ts";
import type { Session } from "./session.ts";

export type Variables = Record<string, unknown>;
export type Request = <T>(query: string, variables: Variables) => Promise<T>;

interface Answer<T> {
  data?: T | null;
  errors?: { message: string; extensions?: Record<string, unknown> }[];
}

const WITHIN_MS = 15_000;

export class Http {
  readonly #url: string;
  readonly #session: Session;

  constructor(url: string, session: Session) {
    this.#url = url;
    this.#session = session;
  }

  /** Fails with an `ApiError` if any field was refused. */
  async request<T>(query: string, variables: Variables = {}): Promise<T> {
    const body = JSON.stringify({ query, variables });
    try {
      return await this.#once<T>(body, await this.#token(() => this.#session.token()));
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "UNAUTHENTICATED") throw error;
      return this.#once<T>(body, await this.#token(() => this.#session.renew()));
    }
  }

  async #token(ask: () => Promise<string>): Promise<string> {
    try {
      return await ask();
    } catch (error) {
      throw new ApiError(String(error), { code: NETWORK });
    }
  }

  async #once<T>(body: string, token: string): Promise<T> {
    let answer: Answer<T>;
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body,
        signal: AbortSignal.timeout(WITHIN_MS),
      });
      answer = (await response.json()) as Answer<T>;
    } catch (error) {
      throw new ApiError(String(error), { code: NETWORK });
    }
    const refused = answer.errors?.[0];
    if (refused) throw new ApiError(refused.message, refused.extensions);
    // A problem in place of an answer: nothing was executed.
    if (answer.data === undefined || answer.data === null) throw new ApiError("no answer", { code: NETWORK });
    return answer.data;
  }
}
