// Whom one may write to: those of one's conversations, and others by name.

import { type ConversationView, LoginRefused, USER, type UserView, devLogin } from "@musclemap/client";
import type { App } from "./app.svelte.ts";
import { DEV_LOGIN } from "./session.ts";

/** Everybody of these conversations, once. */
export function known(conversations: readonly ConversationView[]): UserView[] {
  const users = conversations.flatMap((one) => one.participants.nodes.map((member) => member.user));
  return [...new Map(users.map((user) => [user.id, user])).values()];
}

/** A user by their exact name, on a server for development, which knows everybody by name. */
export async function find(app: App, name: string): Promise<UserView[]> {
  if (!app.setting.devLogin) return [];
  const login = await devLogin(DEV_LOGIN, name).catch((error: unknown) => {
    if (error instanceof LoginRefused) return undefined;
    throw error;
  });
  if (!login) return [];
  const query = `query User($id: ID!) { user(id: $id) { ...UserParts } } ${USER}`;
  const { user } = await app.client.request<{ user: UserView | null }>(query, { id: login.userId });
  return user ? [user] : [];
}
