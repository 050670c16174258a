// Lists that come page by page: in their order, none twice, whatever answer comes first.

import { expect, test } from "vitest";
import { Paged, cutAfter } from "../src/paged.svelte.ts";

/** A list of letters, by pages of two, whose answers wait. */
function letters() {
  const asked: { after: string | null; answer: () => void }[] = [];
  const all = ["a", "b", "c", "d", "e"];
  const paged = new Paged<string>((after) => {
    const from = after === null ? 0 : all.indexOf(after) + 1;
    const nodes = all.slice(from, from + 2);
    const pageInfo = { hasNextPage: from + 2 < all.length, endCursor: nodes.at(-1) ?? null };
    return new Promise((resolve) => asked.push({ after, answer: () => resolve({ nodes, pageInfo }) }));
  }, (letter) => letter);
  const answer = async (at: number, whole: Promise<void>) => {
    asked[at]!.answer();
    await whole;
  };
  return { asked, paged, answer };
}

test("pages follow each other up to the last", async () => {
  const { asked, paged, answer } = letters();
  expect(paged.nodes).toBeUndefined();
  await answer(0, paged.load());
  await answer(1, paged.more());
  expect([paged.nodes, paged.hasMore]).toEqual([["a", "b", "c", "d"], true]);
  await answer(2, paged.more());
  expect([paged.nodes, paged.hasMore]).toEqual([["a", "b", "c", "d", "e"], false]);
  await paged.more();
  expect(asked.map(({ after }) => after)).toEqual([null, "b", "d"]);
});

test("a page that is asked for twice stands once, and one of an earlier list not at all", async () => {
  const { asked, paged, answer } = letters();
  await answer(0, paged.load());
  const [first, second] = [paged.more(), paged.more()];
  await answer(2, second);
  await answer(1, first);
  expect(paged.nodes).toEqual(["a", "b", "c", "d"]);
  const [late, again] = [paged.more(), paged.load()];
  await answer(4, again);
  await answer(3, late);
  expect([paged.nodes, asked[4]!.after]).toEqual([["a", "b"], null]);
});

test("a node that comes again stands once", async () => {
  const pages = [["a", "b", "a"], ["b", "c"]];
  const paged = new Paged<string>(async () => ({ nodes: pages.shift() ?? [], pageInfo: { hasNextPage: true, endCursor: "end" } }), (letter) => letter);
  await paged.load();
  await paged.more();
  expect(paged.nodes).toEqual(["a", "b", "c"]);
});

test.each([[["a", "b"], true, "b"], [["a"], false, "a"], [[], false, null]])("a page with %j is followed: %s", (nodes, hasNextPage, endCursor) => {
  expect(cutAfter(nodes, 2, (node) => node).pageInfo).toEqual({ hasNextPage, endCursor });
});
