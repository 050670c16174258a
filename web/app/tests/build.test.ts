// Every document of the app is one of the API's, and what a page loads first is small.

import { readFileSync, readdirSync, statSync } from "node:fs";
import { buildSchema, parse, validate } from "graphql";
import { expect, test } from "vitest";
import { ATTACHMENT, CONVERSATION, MESSAGE, USER } from "@musclemap/client";

const MOST_BYTES = 150 * 1024;
const here = (path: string) => new URL(`../${path}`, import.meta.url);
const schema = buildSchema(readFileSync(here("../../schemas/api.graphql"), "utf8"));
const fragments: Record<string, string> = { ATTACHMENT, USER, MESSAGE, CONVERSATION, field: "blockUser" };

const documents = readdirSync(here("src"), { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(ts|svelte)$/.test(name))
  .flatMap((name) => {
    const text = readFileSync(here(`src/${name}`), "utf8");
    const found = [...text.matchAll(/(["`])((?:query|mutation|subscription)\s[A-Z][^"`]*|\{ [a-z]+ \{[^"`]*)\1/g)];
    // A constant of the same file, or one of those above.
    const constant = (wanted: string) => new RegExp(`const ${wanted} = "([^"]*)"`).exec(text)?.[1] ?? fragments[wanted] ?? "";
    const whole = (document: string) => document.replace(/\$\{(\w+)\}/g, (_, wanted: string) => constant(wanted));
    return found.map(([, , document = ""], at) => [`${name} ${at}`, whole(document)] as const);
  });

test("there are documents", () => expect(documents.length).toBeGreaterThan(15));

test.each(documents)("%s is valid", (_, text) => expect(validate(schema, parse(text))).toEqual([]));

test("what is loaded first has at most 150 KiB of zipped script", () => {
  const page = readFileSync(here("dist/index.html"), "utf8");
  const scripts = [...page.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, path]) => here(`dist/${path}.gz`));
  expect(scripts.length).toBeGreaterThan(0);
  const bytes = scripts.reduce((sum, script) => sum + statSync(script).size, 0);
  expect(bytes).toBeLessThan(MOST_BYTES);
});

test("a page has nothing that its policy forbids", () => {
  const page = readFileSync(here("dist/index.html"), "utf8");
  expect(page).not.toMatch(/ style=|<style| on[a-z]+=|<script(?![^>]* src=)/);
});
