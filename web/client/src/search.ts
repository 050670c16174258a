// What is found for a text: conversations, users and messages.

import { type ConversationView, type FoundView, MORE_FOUND, SEARCH, type UserView } from "./documents.ts";
import type { Request } from "./http.ts";

/** Characters of a text that is looked for. */
const MOST = 200;
const MESSAGES = 20;
const OTHERS = 10;

export interface FoundMessages {
  nodes: FoundView[];
  /** The cursor of the next page; null after the last one. */
  end: string | null;
}

export interface Found {
  conversations: ConversationView[];
  users: UserView[];
  messages: FoundMessages;
}

interface Page {
  nodes: FoundView[];
  hasMore: boolean;
  pageInfo: { endCursor: string | null };
}

/** Whether a text is worth a search: two letters or digits, or one of a script that writes words without spaces. */
export function isSearchable(text: string): boolean {
  return /\p{Lo}/u.test(text) || hasTwo(text);
}

function hasTwo(text: string): boolean {
  return (text.match(/[\p{L}\p{N}]/gu) ?? []).length >= 2;
}

export async function search(request: Request, text: string, hasMessages: boolean): Promise<Found> {
  const wanted = [...text.trim()].slice(0, MOST).join("");
  // Users are found by two letters or digits at least.
  const variables = { text: wanted, limit: OTHERS, page: MESSAGES, hasUsers: hasTwo(wanted), hasMessages };
  const answer = await request<{ conversations: ConversationView[]; users?: UserView[]; messages?: Page }>(SEARCH, variables);
  return {
    conversations: answer.conversations,
    users: answer.users ?? [],
    messages: answer.messages ? pageOf(answer.messages) : { nodes: [], end: null },
  };
}

export async function searchFurther(request: Request, text: string, after: string): Promise<FoundMessages> {
  const wanted = [...text.trim()].slice(0, MOST).join("");
  return pageOf((await request<{ messages: Page }>(MORE_FOUND, { text: wanted, page: MESSAGES, after })).messages);
}

function pageOf({ nodes, hasMore, pageInfo }: Page): FoundMessages {
  return { nodes, end: hasMore ? pageInfo.endCursor : null };
}
