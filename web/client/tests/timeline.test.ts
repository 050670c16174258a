// The window of a conversation: a message that comes while a page is fetched is in it, though the page is older.

import { expect, test } from "vitest";
import type { MessageView } from "../src/documents.ts";
import type { Request } from "../src/http.ts";
import { Outbox } from "../src/outbox.ts";
import { MemoryStorage } from "../src/storage.ts";
import { Timeline } from "../src/timeline.ts";
import { contents, until } from "./system.ts";

function message(seq: number): MessageView {
  return { id: `${seq}`, seq, content: `${seq}`, clientMessageId: null } as MessageView;
}

/** A timeline, and the pages that it waits for. */
function timeline() {
  const pages: ((upTo: number) => void)[] = [];
  const request = (() =>
    new Promise<unknown>((resolve) =>
      pages.push((upTo) => {
        const nodes = Array.from({ length: upTo }, (_, at) => message(at + 1));
        resolve({ messages: { nodes, pageInfo: { hasPreviousPage: false, hasNextPage: false } } });
      }),
    )) as Request;
  const outbox = new Outbox(request, new MemoryStorage(), () => {});
  return { pages, window: new Timeline("chat", request, outbox) };
}

test("a message that comes while the first page is fetched is shown", async () => {
  const { pages, window } = timeline();
  const loaded = window.load();
  await expect.poll(() => pages.length).toBe(1);
  window.created(message(3));
  pages[0]!(2);
  await loaded;
  expect(contents(window)).toEqual(["1", "2", "3"]);
});

test("a message that comes while the window is fetched anew stays", async () => {
  const { pages, window } = timeline();
  const loaded = window.load();
  await expect.poll(() => pages.length).toBe(1);
  pages[0]!(2);
  await loaded;
  const refreshed = window.refresh();
  await expect.poll(() => pages.length).toBe(2);
  window.created(message(3));
  pages[1]!(2);
  await refreshed;
  expect(contents(window)).toEqual(["1", "2", "3"]);
});

test("one that comes beyond a hole while a page is fetched makes the hole be fetched", async () => {
  const { pages, window } = timeline();
  const loaded = window.load();
  await expect.poll(() => pages.length).toBe(1);
  window.created(message(4));
  pages[0]!(2);
  await loaded;
  await expect.poll(() => pages.length).toBe(2);
  pages[1]!(4);
  await until(window, () => window.messages.length === 4);
});
