// Which message is answered by a suggestion.

import type { Item, MessageView } from "@musclemap/client";

/** The last item, if it is a message of another user that has a content; what is on its way answers already. */
export function answered(items: readonly Item[], me: string): MessageView | undefined {
  const last = items.at(-1);
  if (last?.kind !== "message") return undefined;
  const { message } = last;
  const isSuited = message.sender.id !== me && !message.deletedAt && !message.hiddenAt && message.contentType !== "SYSTEM";
  return isSuited ? message : undefined;
}
