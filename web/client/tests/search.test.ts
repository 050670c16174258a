// Which texts are looked for, and what a page of messages says of the next one.

import { expect, test } from "vitest";
import type { Request } from "../src/http.ts";
import { isSearchable, search, searchMessages, searchUsers } from "../src/search.ts";

test.each([["", false], ["a", false], ["é!", false], ["ab", true], ["7 b", true], ["走", true], ["달", true], ["🏃🏃", false]])(
  "%s is looked for: %s",
  (text, expected) => expect(isSearchable(text)).toBe(expected),
);

function asked(hasMore: boolean) {
  const variables: unknown[] = [];
  const page = { nodes: [], hasMore, pageInfo: { endCursor: "end" } };
  const request = (async (_: string, given: unknown) => {
    variables.push(given);
    return { conversations: [], messages: page, searchUsers: [] };
  }) as Request;
  return { request, variables };
}

test("users are looked for by two letters or digits, messages if the feature is on", async () => {
  const { request, variables } = asked(false);
  await search(request, " 走 ", true);
  await search(request, "ab".repeat(150), false);
  expect(variables).toMatchObject([
    { text: "走", hasUsers: false, hasMessages: true },
    { text: "ab".repeat(100), hasUsers: true, hasMessages: false },
  ]);
});

test("of users alone one letter asks for none, and a long text is cut", async () => {
  const { request, variables } = asked(false);
  for (const text of [" 走 ", "a!", ""]) expect(await searchUsers(request, text)).toEqual([]);
  expect(variables).toEqual([]);
  await searchUsers(request, ` ${"走".repeat(300)}`);
  expect(variables).toEqual([{ text: "走".repeat(200) }]);
});

test("a page has an end only if another follows", async () => {
  expect((await search(asked(true).request, "ab", true)).messages.end).toBe("end");
  expect((await search(asked(false).request, "ab", true)).messages.end).toBe(null);
});

test("messages alone are looked for where one says, page by page", async () => {
  const { request, variables } = asked(true);
  expect(await searchMessages(request, " leg day ", { conversation: "c", from: "u" }, "end")).toEqual({ nodes: [], end: "end" });
  expect(variables).toEqual([{ text: "leg day", conversation: "c", from: "u", page: 20, after: "end" }]);
});
