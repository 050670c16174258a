// The search box: what matches is marked, and only the answer to the last text is shown.

import { ApiError, type Found } from "@musclemap/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Finder } from "../src/finder.svelte.ts";
import { pieces } from "../src/highlights.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each([
  ["leg day", [["leg day", false]]],
  ["a \u0002leg\u0003 \u0002day\u0003", [["a ", false], ["leg", true], [" ", false], ["day", true]]],
  ["<b>\u0002x\u0003</b>", [["<b>", false], ["x", true], ["</b>", false]]],
  ["", []],
])("%j is cut into pieces", (text, expected) => {
  expect(pieces(text).map((piece) => [piece.text, piece.isHit])).toEqual(expected);
});

function found(end: string | null = null): Found {
  return { conversations: [], users: [], messages: { nodes: [], end } };
}

/** A box, and the searches that wait for their answers. */
function box() {
  const asked: { text: string; resolve: (found: Found) => void; reject: (error: Error) => void }[] = [];
  const search = (text: string) => new Promise<Found>((resolve, reject) => asked.push({ text, resolve, reject }));
  const searchFurther = async (_: string, after: string) => ({ ...found().messages, end: `after ${after}` });
  return { asked, finder: new Finder({ search, searchFurther }) };
}

test("a text is looked for once it rests, and an answer to an earlier one is not shown", async () => {
  const { asked, finder } = box();
  for (const text of ["le", "leg"]) finder.text = text;
  await vi.advanceTimersByTimeAsync(400);
  finder.text = "leg day";
  expect(finder.isBusy).toBe(true);
  await vi.advanceTimersByTimeAsync(400);
  expect(asked.map(({ text }) => text)).toEqual(["leg", "leg day"]);
  const answer = found();
  asked[1]!.resolve(answer);
  asked[0]!.resolve(found());
  await vi.advanceTimersByTimeAsync(0);
  expect(finder.found).toBe(answer);
  expect(finder.isBusy).toBe(false);
});

test("the same text is looked for again where it is looked for in another place", async () => {
  const { asked, finder } = box();
  finder.text = "leg";
  await vi.advanceTimersByTimeAsync(400);
  finder.again();
  await vi.advanceTimersByTimeAsync(400);
  const answer = found();
  asked[1]!.resolve(answer);
  asked[0]!.resolve(found());
  await vi.advanceTimersByTimeAsync(0);
  expect([asked.map(({ text }) => text), finder.found]).toEqual([["leg", "leg"], answer]);
});

test("a text that is too short is not looked for, and forgets what was found", async () => {
  const { asked, finder } = box();
  finder.text = "leg";
  await vi.advanceTimersByTimeAsync(400);
  asked[0]!.resolve(found());
  await vi.advanceTimersByTimeAsync(0);
  finder.text = "l";
  await vi.advanceTimersByTimeAsync(1_000);
  expect([finder.found, finder.isBusy, asked.length]).toEqual([undefined, false, 1]);
});

test("a search beyond the limit is made again when the limit allows it; others are not", async () => {
  const { asked, finder } = box();
  finder.text = "leg";
  await vi.advanceTimersByTimeAsync(400);
  asked[0]!.reject(new ApiError("later", { code: "RATE_LIMITED", retryAfterMs: 5_000 }));
  await vi.advanceTimersByTimeAsync(4_999);
  expect([finder.failure, asked.length]).toEqual(["RATE_LIMITED", 1]);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked.length).toBe(2);
  asked[1]!.reject(new ApiError("away", { code: "UNAVAILABLE" }));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([finder.failure, finder.isBusy, asked.length]).toEqual(["UNAVAILABLE", false, 2]);
});

test("the next page follows the one before", async () => {
  const { asked, finder } = box();
  finder.text = "leg";
  await vi.advanceTimersByTimeAsync(400);
  asked[0]!.resolve(found("one"));
  await vi.advanceTimersByTimeAsync(0);
  await finder.further();
  expect(finder.found?.messages.end).toBe("after one");
});

test("while another text is looked for there is no next page of the one before", async () => {
  const { asked, finder } = box();
  finder.text = "leg";
  await vi.advanceTimersByTimeAsync(400);
  asked[0]!.resolve(found("one"));
  await vi.advanceTimersByTimeAsync(0);
  finder.text = "leg day";
  await finder.further();
  expect(finder.found?.messages.end).toBe("one");
  await vi.advanceTimersByTimeAsync(400);
  await finder.further();
  expect(finder.found?.messages.end).toBe("one");
  asked[1]!.resolve(found("two"));
  await vi.advanceTimersByTimeAsync(0);
  await finder.further();
  expect(finder.found?.messages.end).toBe("after two");
});

test("a box that has stopped makes no search, though the limit refuses one on its way", async () => {
  const { asked, finder } = box();
  finder.text = "leg";
  await vi.advanceTimersByTimeAsync(400);
  finder.stop();
  asked[0]!.reject(new ApiError("later", { code: "RATE_LIMITED", retryAfterMs: 5_000 }));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([asked.length, vi.getTimerCount()]).toEqual([1, 0]);
  finder.text = "day";
  finder.stop();
  expect(vi.getTimerCount()).toBe(0);
});
