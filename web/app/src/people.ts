// Whom one may write to: those of one's conversations, and others by name.

import { type ConversationView, USER, type UserView } from "@musclemap/client";
import type { App } from "./app.svelte.ts";

/** Everybody of these conversations, once. */
export function known(conversations: readonly ConversationView[]): UserView[] {
  const users = conversations.flatMap((one) => one.participants.nodes.map((member) => member.user));
  return [...new Map(users.map((user) => [user.id, user])).values()];
}

/** A user by their exact name, on a server for development, which knows everybody by name. */
export async function find(app: App, name: string): Promise<UserView[]> {
  if (!app.setting.devLogin) return [];
  const answer = await fetch("/dev/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: name }),
  });
  if (!answer.ok) return [];
  const { userId } = (await answer.json()) as { userId: string };
  const query = `query User($id: ID!) { user(id: $id) { ...UserParts } } ${USER}`;
  const { user } = await app.client.request<{ user: UserView | null }>(query, { id: userId });
  return user ? [user] : [];
}
