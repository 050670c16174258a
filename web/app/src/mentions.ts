// Completing the name of a member after an `@`.

import type { UserView } from "@musclemap/client";

/** Names that are offered at once. */
const OFFERED = 6;

/** What stands between an `@` that begins a word and the caret, and where the `@` is. */
export function completion(text: string, caret: number): { from: number; prefix: string } | undefined {
  const found = /(?:^|[\s([{])@([\p{L}\p{N}._-]*)$/u.exec(text.slice(0, caret));
  if (!found) return undefined;
  const prefix = found[1] ?? "";
  return { from: caret - prefix.length - 1, prefix };
}

export function matching(members: readonly UserView[], prefix: string, me: string): UserView[] {
  const wanted = prefix.toLocaleLowerCase();
  const begins = (name: string) => name.toLocaleLowerCase().startsWith(wanted);
  return members.filter((user) => user.id !== me && (begins(user.username) || begins(user.displayName))).slice(0, OFFERED);
}
