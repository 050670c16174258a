// How items are laid out: days between them, messages of one sender close together, a line before what is new.

import type { Item, MessageView } from "@musclemap/client";
import { dayOf } from "./times.ts";

export type Block =
  | { kind: "day"; key: string; time: string }
  | { kind: "new"; key: string; count: number }
  | { kind: "system"; key: string; message: MessageView }
  | { kind: "bubble"; key: string; item: Item; isFirst: boolean; isLast: boolean };

/** Messages of one sender that are so close in time stand together. */
const TOGETHER_MS = 5 * 60_000;

function timeOf(item: Item): string {
  return item.kind === "message" ? item.message.createdAt : new Date(item.entry.createdAt).toISOString();
}

function senderOf(item: Item, me: string): string {
  return item.kind === "message" ? item.message.sender.id : me;
}

/** The same for a message while it is sent and when it is stored, so that it stays one element. */
function keyOf(item: Item, me: string): string {
  if (item.kind === "pending") return item.entry.clientMessageId;
  const { sender, clientMessageId, id } = item.message;
  return sender.id === me ? (clientMessageId ?? id) : id;
}

/** `newFrom` is the number of the first new message; null or 0 without one. */
export function arrange(items: readonly Item[], newFrom: number | null, me: string): Block[] {
  const blocks: Block[] = [];
  let before: { sender: string; time: string; block: Extract<Block, { kind: "bubble" }> } | undefined;
  let lastDay = "";
  let hasLine = !newFrom;
  for (const item of items) {
    const time = timeOf(item);
    if (dayOf(time) !== lastDay) {
      lastDay = dayOf(time);
      blocks.push({ kind: "day", key: `day ${lastDay}`, time });
      before = undefined;
    }
    if (!hasLine && newFrom && item.kind === "message" && item.message.seq >= newFrom) {
      const count = items.filter((one) => isNew(one, newFrom, me)).length;
      blocks.push({ kind: "new", key: "new", count });
      hasLine = true;
      before = undefined;
    }
    if (item.kind === "message" && item.message.contentType === "SYSTEM") {
      blocks.push({ kind: "system", key: item.message.id, message: item.message });
      before = undefined;
      continue;
    }
    const sender = senderOf(item, me);
    const isTogether = before?.sender === sender && Date.parse(time) - Date.parse(before.time) < TOGETHER_MS;
    if (before && isTogether) before.block.isLast = false;
    const block: Extract<Block, { kind: "bubble" }> = { kind: "bubble", key: keyOf(item, me), item, isFirst: !isTogether, isLast: true };
    blocks.push(block);
    before = { sender, time, block };
  }
  return blocks;
}

function isNew(item: Item, newFrom: number, me: string): boolean {
  return item.kind === "message" && item.message.seq >= newFrom && item.message.sender.id !== me && item.message.contentType !== "SYSTEM";
}
