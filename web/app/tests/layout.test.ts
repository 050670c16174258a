// How messages are laid out, named, cut into parts and completed.

import type { Item, MessageView, UserView } from "@musclemap/client";
import { expect, test } from "vitest";
import { arrange } from "../src/arrange.ts";
import { completion, matching } from "../src/mentions.ts";
import { initials, isEmojiAlone, parts } from "../src/names.ts";
import { day, lasting, later, startOf } from "../src/times.ts";

const ann: UserView = { id: "1", username: "ann", displayName: "Ann Lee", avatarUrl: null };
const annika: UserView = { id: "2", username: "annika", displayName: "Annika", avatarUrl: null };

function message(seq: number, sender: UserView, createdAt: string, more: Partial<MessageView> = {}): Item {
  return { kind: "message", message: { id: `m${seq}`, seq, sender, createdAt, contentType: "TEXT", ...more } as MessageView };
}

function drawn(items: Item[], newFrom: number | null, me = "1"): string[] {
  return arrange(items, newFrom, me).map((block) => {
    if (block.kind === "bubble") return `${block.isFirst ? "[" : " "}${block.key}${block.isLast ? "]" : " "}`;
    return block.kind === "new" ? `new ${block.count}` : block.kind;
  });
}

test("messages of one sender within five minutes stand together, days apart, new ones behind a line", () => {
  const items = [
    message(1, ann, "2026-03-01T10:00:00Z"),
    message(2, ann, "2026-03-01T10:04:00Z"),
    message(3, annika, "2026-03-01T10:05:00Z"),
    message(4, annika, "2026-03-01T10:30:00Z"),
    message(5, ann, "2026-03-03T10:00:00Z"),
    message(6, ann, "2026-03-03T10:00:01Z", { contentType: "SYSTEM" }),
    message(7, annika, "2026-03-03T10:00:02Z"),
  ];
  expect(drawn(items, 4)).toEqual(["day", "[m1 ", " m2]", "[m3]", "new 2", "[m4]", "day", "[m5]", "system", "[m7]"]);
  expect(drawn(items.slice(0, 3), 0)).toEqual(["day", "[m1 ", " m2]", "[m3]"]);
});

test("one's own message is one element before and after it is stored", () => {
  const entry = { clientMessageId: "c", conversationId: "x", content: "hi", replyToId: null, attachments: [], isVoice: false, templateId: null, sticker: null, gif: null, createdAt: 0, state: "pending", code: null } as const;
  const [pending] = arrange([{ kind: "pending", entry }], null, "1").slice(-1);
  const [stored] = arrange([message(1, ann, "1970-01-01T00:00:00Z", { clientMessageId: "c" })], null, "1").slice(-1);
  expect(pending?.key).toBe(stored?.key);
});

test.each([
  ["hi @annika and @ann", [ann, annika], ["hi ", "@annika", " and ", "@ann"]],
  ["see https://a.example/@ann.", [ann], ["see ", "https://a.example/@ann", "."]],
  ["<b>no</b>", [], ["<b>no</b>"]],
  ["javascript:alert(1)", [], ["javascript:alert(1)"]],
])("%s is cut into parts", (text, mentions, expected) => {
  const found = parts(text, mentions, false);
  expect(found.map((part) => part.text)).toEqual(expected);
  expect(found.map((part) => part.text).join("")).toBe(text);
  expect(found.filter((part) => part.kind === "link").every((part) => /^https?:/.test(part.text))).toBe(true);
});

test.each([
  ["hi @an", 6, { from: 3, prefix: "an" }],
  ["@", 1, { from: 0, prefix: "" }],
  ["a@b", 3, undefined],
  ["@ann ", 5, undefined],
  ["@ann", 2, { from: 0, prefix: "a" }],
])("%s is completed at %i", (text, caret, expected) => expect(completion(text, caret)).toEqual(expected));

test("members are offered by either name, oneself never", () => {
  expect(matching([ann, annika], "ann", "1")).toEqual([annika]);
  expect(matching([ann, annika], "ann l", "2")).toEqual([ann]);
});

test.each([["Ann Lee", "AL"], ["ann", "A"], ["a.b-c", "AC"], ["王小明", "王"], ["", ""]])("%s has the initials %s", (name, expected) => {
  expect(initials(name)).toBe(expected);
});

test.each([["🏃", true], ["👍🏽 🎉", true], ["hi 🏃", false], ["12", false], ["", false]])("%s is emoji alone: %s", (text, expected) => {
  expect(isEmojiAlone(text)).toBe(expected);
});

test("days are named as people do", () => {
  const now = new Date("2026-03-03T12:00:00");
  expect(day("2026-03-03T08:00:00", "en", now)).toBe("Today");
  expect(day("2026-03-02T23:00:00", "de", now)).toBe("Gestern");
  expect(day("2026-02-01T08:00:00", "en", now)).toBe("Sunday, February 1");
  expect(day("2025-02-01T08:00:00", "en", now)).toBe("February 1, 2025");
});

test("a day begins at midnight here, the next one across a month", () => {
  expect(startOf("2026-02-28")).toBe(new Date(2026, 1, 28).toISOString());
  expect(startOf("2026-02-28", 1)).toBe(new Date(2026, 2, 1).toISOString());
});

test.each([[45, "45 seconds"], [60, "1 minute"], [3_600, "1 hour"], [86_400, "1 day"], [90, "2 minutes"]])("%i seconds last %s", (seconds, text) => {
  expect(lasting(seconds, "en")).toBe(text);
  expect(later(seconds * 1_000 - 1, "en")).toBe(`in ${text}`);
});
