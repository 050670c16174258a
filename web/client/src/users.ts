// A user as they are now, in whatever carries them.

import type { UserView } from "./documents.ts";

function isUser(value: object): value is UserView {
  return "id" in value && "username" in value && "displayName" in value;
}

/** The same with this user's view of now wherever they stand in it; the same object if they do not. */
export function withUser<T>(value: T, user: UserView): T {
  if (typeof value !== "object" || value === null) return value;
  if (isUser(value)) return value.id === user.id ? { ...value, ...user } : value;
  const before = Object.entries(value);
  const after = before.map(([key, one]) => [key, withUser<unknown>(one, user)] as const);
  if (after.every(([, one], at) => one === before[at]?.[1])) return value;
  if (Array.isArray(value)) return after.map(([, one]) => one) as T;
  return Object.fromEntries(after) as T;
}
