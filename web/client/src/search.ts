// What is found for a text: conversations, users and messages.

import { type ConversationView, FOUND_MESSAGES, type FoundView, SEARCH, USERS, type UserView } from "./documents.ts";
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

/** Where a search looks: in one conversation, for messages of one sender, from one time on and before another. */
export interface Within {
  conversation?: string;
  from?: string;
  since?: string;
  until?: string;
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

/** Whether the API looks for users by a text: it needs two letters or digits. */
function hasTwo(text: string): boolean {
  return (text.match(/[\p{L}\p{N}]/gu) ?? []).length >= 2;
}

/** A text as long as the API takes it. */
export function cut(text: string): string {
  return [...text.trim()].slice(0, MOST).join("");
}

export async function search(request: Request, text: string, hasMessages: boolean): Promise<Found> {
  const wanted = cut(text);
  const variables = { text: wanted, limit: OTHERS, page: MESSAGES, hasUsers: hasTwo(wanted), hasMessages };
  const answer = await request<{ conversations: ConversationView[]; users?: UserView[]; messages?: Page }>(SEARCH, variables);
  return {
    conversations: answer.conversations,
    users: answer.users ?? [],
    messages: answer.messages ? pageOf(answer.messages) : { nodes: [], end: null },
  };
}

export async function searchMessages(request: Request, text: string, within: Within, after: string | null): Promise<FoundMessages> {
  const variables = { ...within, text: cut(text), page: MESSAGES, after };
  return pageOf((await request<{ messages: Page }>(FOUND_MESSAGES, variables)).messages);
}

/** Users by their name; none, without a request, for a text that is too short for the API. */
export async function searchUsers(request: Request, text: string): Promise<UserView[]> {
  const wanted = cut(text);
  if (!hasTwo(wanted)) return [];
  return (await request<{ searchUsers: UserView[] }>(USERS, { text: wanted })).searchUsers;
}

function pageOf({ nodes, hasMore, pageInfo }: Page): FoundMessages {
  return { nodes, end: hasMore ? pageInfo.endCursor : null };
}
