// Which messages are worth a notice.

import type { UserView } from "@musclemap/client";
import { expect, test } from "vitest";
import { isWanted } from "../src/notices.ts";

const [ann, bob] = ["ann", "bob"].map((id) => ({ id }) as UserView) as [UserView, UserView];
const message = { sender: ann, contentType: "TEXT", mentions: [], mentionsAll: false } as const;
const conversation = { isRequest: false, muted: false, mutedUntil: null, notificationLevel: "ALL" } as const;
const NOW = Date.parse("2026-03-01T10:00:00Z");

test.each([
  ["a message of another", {}, {}, true],
  ["one's own", { sender: bob }, {}, false],
  ["what the system reports", { contentType: "SYSTEM" as const }, {}, false],
  ["of a request", {}, { isRequest: true }, false],
  ["of a muted conversation", {}, { muted: true }, false],
  ["muted for another minute", {}, { muted: true, mutedUntil: "2026-03-01T10:01:00Z" }, false],
  ["muted until a minute ago", {}, { muted: true, mutedUntil: "2026-03-01T09:59:00Z" }, true],
  ["where mentions alone count", {}, { notificationLevel: "MENTIONS" as const }, false],
  ["a mention where mentions alone count", { mentions: [ann, bob] }, { notificationLevel: "MENTIONS" as const }, true],
  ["a mention of another", { mentions: [ann] }, { notificationLevel: "MENTIONS" as const }, false],
  ["a mention of all", { mentionsAll: true }, { notificationLevel: "MENTIONS" as const }, true],
  ["where nothing counts", { mentions: [bob] }, { notificationLevel: "NONE" as const }, false],
])("%s", (_, of, where, expected) => {
  expect(isWanted({ ...message, ...of, mentions: [...("mentions" in of ? of.mentions : [])] }, { ...conversation, ...where }, "bob", NOW)).toBe(expected);
});
