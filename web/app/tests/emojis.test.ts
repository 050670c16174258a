// Emoji are named in every language, and found by the beginnings of words.

import { expect, test } from "vitest";
import { EMOJIS, findEmojis, namesIn } from "../src/emojis.ts";
import { LANGUAGES, type Language } from "../src/texts.svelte.ts";

test.each(Object.keys(LANGUAGES) as Language[])("each emoji has a name in %s", async (language) => {
  const names = await namesIn(language);
  expect(Object.keys(names)).toEqual(EMOJIS);
  expect(Object.values(names).filter((name) => name.trim() === "")).toEqual([]);
});

test.each<[Language, string, string[]]>([
  ["en", "Trophy", ["🏆"]],
  ["en", "hearts", []],
  ["en", "med go", ["🥇"]],
  ["en", "rophy", []],
  ["es", "musculo", ["💪"]],
  ["fr", "ŒUF", ["🥚"]],
  ["de", "gruenes", []],
  ["de", "grunes", ["💚"]],
  ["ja", "筋", ["💪"]],
  ["zh", "奖杯", ["🏆"]],
  ["ko", "트로", ["🏆"]],
  ["en", " ", EMOJIS],
])("in %s, %j finds %j", async (language, text, expected) => expect(findEmojis(await namesIn(language), text)).toEqual(expected));
