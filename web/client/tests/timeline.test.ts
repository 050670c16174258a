// The window of a conversation: what comes or changes while a page is fetched is in it, though the page is older.

import { expect, test } from "vitest";
import type { MessageView, UserView } from "../src/documents.ts";
import type { Request } from "../src/http.ts";
import { Outbox } from "../src/outbox.ts";
import { MemoryStorage } from "../src/storage.ts";
import { Timeline } from "../src/timeline.ts";
import { contents, until } from "./system.ts";

function message(seq: number): MessageView {
  const fields = { clientMessageId: null, editCount: 0, deletedAt: null, hiddenAt: null };
  return { id: `${seq}`, seq, content: `${seq}`, ...fields } as MessageView;
}

function edited(seq: number, editCount: number): MessageView {
  return { ...message(seq), content: `${seq}, edit ${editCount}`, editCount };
}

function deleted(seq: number): MessageView {
  return { ...message(seq), content: null, deletedAt: "2026-01-01T00:00:00Z" };
}

/** As moderators of the service have hidden it. */
function hidden(seq: number): MessageView {
  return { ...message(seq), content: null, hiddenAt: "2026-01-01T00:00:00Z" };
}

/** A timeline, and the pages that it waits for, of messages by one user. */
function timeline(sender?: UserView) {
  const pages: ((upTo: number | Error) => void)[] = [];
  const request = (() =>
    new Promise<unknown>((resolve, reject) =>
      pages.push((upTo) => {
        if (upTo instanceof Error) return reject(upTo);
        const nodes = Array.from({ length: upTo }, (_, at) => ({ ...message(at + 1), sender }));
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

test("messages beyond one hole make it be fetched once", async () => {
  const { pages, window } = timeline();
  const loaded = window.load();
  await expect.poll(() => pages.length).toBe(1);
  pages[0]!(2);
  await loaded;
  for (const seq of [4, 5, 6]) window.created(message(seq));
  await expect.poll(() => pages.length).toBe(2);
  pages[1]!(4);
  await until(window, () => !window.isFetching);
  expect(contents(window)).toEqual(["1", "2", "3", "4", "5", "6"]);
  expect(pages.length).toBe(2);
});

test("a hole that cannot be fetched is fetched after the next message", async () => {
  const { pages, window } = timeline();
  const loaded = window.load();
  await expect.poll(() => pages.length).toBe(1);
  pages[0]!(2);
  await loaded;
  window.created(message(4));
  await expect.poll(() => pages.length).toBe(2);
  pages[1]!(new Error("no answer"));
  await until(window, () => window.isFailed);
  window.created(message(5));
  await expect.poll(() => pages.length).toBe(3);
  pages[2]!(5);
  await until(window, () => window.messages.length === 5);
});

test("an edit and a deletion that come while the first page is fetched are shown", async () => {
  const { pages, window } = timeline();
  const loaded = window.load();
  await expect.poll(() => pages.length).toBe(1);
  for (const changed of [edited(1, 1), deleted(2), edited(3, 1)]) window.updated(changed);
  pages[0]!(2);
  await loaded;
  expect(contents(window)).toEqual(["1, edit 1", null, "3, edit 1"]);
});

test("an edit and a deletion that come while the window is fetched anew, or before, stay", async () => {
  const { pages, window } = timeline();
  const loaded = window.load();
  await expect.poll(() => pages.length).toBe(1);
  pages[0]!(4);
  await loaded;
  for (const changed of [edited(1, 1), deleted(2)]) window.updated(changed);
  const refreshed = window.refresh();
  await expect.poll(() => pages.length).toBe(2);
  for (const changed of [edited(3, 2), edited(3, 1), deleted(4), edited(4, 1)]) window.updated(changed);
  pages[1]!(4);
  await refreshed;
  expect(contents(window)).toEqual(["1, edit 1", null, "3, edit 2", null]);
  const filled = window.fill();
  await expect.poll(() => pages.length).toBe(3);
  pages[2]!(4);
  await filled;
  expect(contents(window)).toEqual(["1, edit 1", null, "3, edit 2", null]);
});

test("of one version the rendering that comes last is shown", async () => {
  const { pages, window } = timeline();
  const loaded = window.load();
  await expect.poll(() => pages.length).toBe(1);
  pages[0]!(1);
  await loaded;
  for (const readByCount of [1, 2]) window.updated({ ...edited(1, 1), readByCount });
  expect(window.newest?.readByCount).toBe(2);
});

test("a user who is renamed while a page is fetched keeps the new name", async () => {
  const sender = { id: "ann", username: "ann", displayName: "Ann" } as UserView;
  const { pages, window } = timeline(sender);
  const loaded = window.load();
  await expect.poll(() => pages.length).toBe(1);
  pages[0]!(1);
  await loaded;
  const refreshed = window.refresh();
  await expect.poll(() => pages.length).toBe(2);
  window.created({ ...message(3), sender });
  window.renamed({ ...sender, displayName: "Anna" });
  pages[1]!(2);
  await refreshed;
  expect(window.messages.map((one) => one.sender.displayName)).toEqual(["Anna", "Anna", "Anna"]);
});

test("a hidden message has no text until it is shown again, and none once it is deleted", async () => {
  const { pages, window } = timeline();
  const loaded = window.load();
  await expect.poll(() => pages.length).toBe(1);
  pages[0]!(2);
  await loaded;
  window.updated(edited(1, 1));
  window.updated(hidden(1));
  expect(contents(window)).toEqual([null, "2"]);
  window.updated(edited(1, 1));
  expect(contents(window)).toEqual(["1, edit 1", "2"]);
  window.updated(hidden(1));
  window.updated(deleted(1));
  window.updated(hidden(1));
  expect(window.messages[0]!.deletedAt).not.toBeNull();
});
