// What the API refuses, and what never reached it.

interface Extensions {
  code?: string;
  field?: string;
  limit?: string;
  retryAfterMs?: number;
  [more: string]: unknown;
}

/** The code of what failed on the way: no answer came, or none that could be read. */
export const NETWORK = "NETWORK";

/** A refusal by the API, with the code that its `extensions` carry. */
export class ApiError extends Error {
  readonly code: string;
  readonly extensions: Extensions;

  constructor(message: string, extensions: Extensions = {}) {
    super(message);
    this.name = "ApiError";
    this.code = extensions.code ?? "INTERNAL_SERVER_ERROR";
    this.extensions = extensions;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof ApiError ? error.code : NETWORK;
}

/** Codes after which the same request may be made again without change: nothing happened, or what happened
 * is found by its client id. */
const PASSING = new Set([NETWORK, "UNAVAILABLE", "OUTCOME_PENDING", "RATE_LIMITED", "INTERNAL_SERVER_ERROR"]);

export function passes(error: unknown): boolean {
  return PASSING.has(codeOf(error));
}

/** How long the API asks to wait, in milliseconds. */
export function waitOf(error: unknown): number {
  return error instanceof ApiError ? (error.extensions.retryAfterMs ?? 0) : 0;
}
