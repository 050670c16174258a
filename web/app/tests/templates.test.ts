// Shortcuts at the beginning of a text, and which templates they find.

import { expect, test } from "vitest";
import type { TemplateView } from "@musclemap/client";
import { matchingTemplates, shortcutIn } from "../src/templates.ts";

test.each([
  ["/", 1, "/"],
  ["/warm", 5, "/warm"],
  ["/warm up", 5, "/warm"],
  ["/warm up", 8, undefined],
  ["/a/b", 4, undefined],
  [" /warm", 6, undefined],
  ["and /warm", 9, undefined],
  ["", 0, undefined],
])("%s at %i", (text, caret, expected) => expect(shortcutIn(text, caret)).toBe(expected));

const template = (name: string, shortcut: string | null, useCount = 0) =>
  ({ id: name, name, content: name, shortcut, category: null, useCount }) as TemplateView;

test("templates are found by shortcut or name, the most used first", () => {
  const all = [template("Water", "/w"), template("Walk", null, 3), template("Bye", "/bye", 9)];
  const found = (typed: string) => matchingTemplates(all, typed).map((one) => one.name);
  expect(found("/")).toEqual(["Bye", "Walk", "Water"]);
  expect(found("/WA")).toEqual(["Walk", "Water"]);
  expect(found("/w")).toEqual(["Walk", "Water"]);
  expect(found("/x")).toEqual([]);
});
