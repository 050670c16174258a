// Suggested answers: to the newest message alone, if another user wrote it and it has a content.

import type { Item, MessageView } from "@musclemap/client";
import { expect, test } from "vitest";
import { answered } from "../src/replies.ts";

function message(id: string, sender: string, more: Partial<MessageView> = {}): Item {
  const whole = { id, sender: { id: sender }, contentType: "TEXT", deletedAt: null, hiddenAt: null, ...more };
  return { kind: "message", message: whole as MessageView };
}

const pending = { kind: "pending", entry: {} } as Item;
const AT = "2026-03-01T10:00:00Z";

test.each([
  ["nothing", [], undefined],
  ["another's", [message("1", "me"), message("2", "bob")], "2"],
  ["one's own", [message("1", "bob"), message("2", "me")], undefined],
  ["one on its way", [message("1", "bob"), pending], undefined],
  ["a deleted one", [message("1", "bob"), message("2", "bob", { deletedAt: AT })], undefined],
  ["a hidden one", [message("1", "bob", { hiddenAt: AT })], undefined],
  ["an event", [message("1", "bob"), message("2", "bob", { contentType: "SYSTEM" })], undefined],
])("after %s", (_, items, expected) => expect(answered(items, "me")?.id).toBe(expected));
