// Users to write to: members of known conversations, and others by name.

import { type ConversationView, LoginRefused, USER, type UserView, devLogin } from "@musclemap/client";
import type { App } from "./app.svelte.ts";
import { DEV_LOGIN } from "./session.ts";

/** The users of these conversations, each once. */
export function known(conversations: readonly ConversationView[]): UserView[] {
  const users = conversations.flatMap((one) => one.participants.nodes.map((member) => member.user));
  return [...new Map(users.map((user) => [user.id, user])).values()];
}

/** A user by their exact name, on a development server, where every name can log in. */
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
