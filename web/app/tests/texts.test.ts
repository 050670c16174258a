// Every language says everything, with the same values, in forms that its plural rules choose.

import { expect, test } from "vitest";
import { format, names } from "../src/format.ts";
import { de } from "../src/texts/de.ts";
import { en } from "../src/texts/en.ts";
import { es } from "../src/texts/es.ts";
import { fr } from "../src/texts/fr.ts";
import { ja } from "../src/texts/ja.ts";
import { ko } from "../src/texts/ko.ts";
import { pt } from "../src/texts/pt.ts";
import { zh } from "../src/texts/zh.ts";
import { LANGUAGES, spoken } from "../src/texts.svelte.ts";

const all: Record<string, Record<string, string>> = { en, es, fr, de, pt, zh, ja, ko };

test("there are eight languages", () => expect(Object.keys(all).sort()).toEqual(Object.keys(LANGUAGES).sort()));

test.each(Object.entries(all))("%s has every text, with its values, for every number", (language, texts) => {
  expect(Object.keys(texts)).toEqual(Object.keys(en));
  for (const [key, english] of Object.entries(en)) {
    const text = texts[key] ?? "";
    expect(text.trim(), key).not.toBe("");
    expect(names(text), key).toEqual(names(english));
    for (const count of [0, 1, 2, 5, 100]) {
      const values = Object.fromEntries(names(text).map((name) => [name, name === "count" ? count : "value"]));
      expect(format(text, values, language), key).not.toMatch(/[{}#]/);
    }
  }
});

test("each text is used: by its key, or by the key's beginning", () => {
  const sources = import.meta.glob<string>(["../src/**/*.{ts,svelte}", "!../src/texts/*"], {
    query: "?raw",
    import: "default",
    eager: true,
  });
  const source = Object.values(sources).join("\n");
  const isUsed = (key: string) => source.includes(`"${key}"`) || source.includes(`\`${key.replace(/[^.]+$/, "")}\${`) || source.includes(`named("${key.split(".")[0]}", `);
  expect(Object.keys(en).filter((key) => !isUsed(key))).toEqual([]);
});

test("a language that is not English has few texts of English", () => {
  for (const [language, texts] of Object.entries(all).filter(([name]) => name !== "en")) {
    const same = Object.entries(en).filter(([key, text]) => texts[key] === text && /[a-z]{4}/.test(text));
    expect(same.length, `${language}: ${same.map(([key]) => key).join(" ")}`).toBeLessThan(15);
  }
});

test.each([
  ["plain", {}, "plain"],
  ["{a} and {b}", { a: 1, b: "x" }, "1 and x"],
  ["{a}", {}, "{a}"],
  ["{count, plural, one {# message} other {# messages}} of {name}", { count: 1, name: "ann" }, "1 message of ann"],
  ["{count, plural, =0 {none} one {# by {name}} other {# by {name}}}", { count: 0, name: "ann" }, "none"],
  ["{count, plural, =0 {none} one {# by {name}} other {# by {name}}}", { count: 1234, name: "ann" }, "1,234 by ann"],
])("%s", (text, values, expected) => expect(format(text, values, "en")).toBe(expected));

test("braces that are not closed are an error", () => expect(() => format("{a", {}, "en")).toThrow());

test.each([["pt-BR", "pt"], ["ZH", "zh"], ["nl", undefined]])("%s is spoken as %s", (locale, language) => {
  expect(spoken(locale)).toBe(language);
});
