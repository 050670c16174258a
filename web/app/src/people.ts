// Users to write to: members of known conversations.

import type { ConversationView, UserView } from "@musclemap/client";

/** The users of these conversations, each once. */
export function known(conversations: readonly ConversationView[]): UserView[] {
  const users = conversations.flatMap((one) => one.participants.nodes.map((member) => member.user));
  return [...new Map(users.map((user) => [user.id, user])).values()];
}
