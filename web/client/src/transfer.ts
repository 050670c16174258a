// The bytes of one file, put in parts to where a ticket says, each with a deadline.
//
// Invariant: a part begins where the server says that the last whole one ends.

import { ApiError, NETWORK } from "./errors.ts";
import type * as Schema from "./schema.ts";

export type Ticket = Pick<Schema.UploadTicket, "attachmentId" | "url" | "method"> & { headers: Record<string, string> };

/** Bytes of one part: what the server keeps of a transfer that breaks off is a multiple of it. */
export const PART_BYTES = 1_048_576;
const PART_WITHIN_MS = 60_000;
const HEAD_WITHIN_MS = 15_000;
/** The code of a ticket that is not taken any more: another one helps. */
export const TICKET_EXPIRED = "TICKET_EXPIRED";

/** How many bytes are there. */
export async function progress(url: URL, size: number, signal: AbortSignal): Promise<number> {
  const answer = await ask(url, { method: "HEAD" }, HEAD_WITHIN_MS, signal);
  // All bytes have come, and the upload is complete.
  if (answer.status === 409) return size;
  return offsetOf(answer, 0);
}

/** Puts the part that begins here; gives where the next one does. */
export async function put(url: URL, ticket: Ticket, file: Blob, from: number, signal: AbortSignal): Promise<number> {
  const to = Math.min(from + PART_BYTES, file.size);
  const headers = { ...ticket.headers, "content-range": `bytes ${from}-${to - 1}/${file.size}` };
  const body = await file.slice(from, to).arrayBuffer();
  const answer = await ask(url, { method: ticket.method, headers, body }, PART_WITHIN_MS, signal);
  // A part before it is missing: the next attempt asks where to go on.
  if (answer.status === 409) throw new ApiError("a part is missing", { code: NETWORK });
  return offsetOf(answer, to);
}

async function ask(url: URL, request: RequestInit, withinMs: number, signal: AbortSignal): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, { ...request, signal: AbortSignal.any([signal, AbortSignal.timeout(withinMs)]) });
  } catch (error) {
    throw new ApiError(String(error), { code: NETWORK });
  }
  const { status } = answer;
  if (answer.ok || status === 409) return answer;
  if (status === 404 || status === 410) throw new ApiError("the ticket is not taken", { code: TICKET_EXPIRED });
  const passes = status === 408 || status === 429 || status >= 500;
  const retryAfterMs = 1_000 * Number(answer.headers.get("retry-after") ?? 0) || 0;
  throw new ApiError(`the transfer is refused: ${status}`, { code: passes ? "UNAVAILABLE" : "BAD_USER_INPUT", retryAfterMs });
}

function offsetOf(answer: Response, otherwise: number): number {
  const said = answer.headers.get("upload-offset");
  return said === null ? otherwise : Number(said);
}
