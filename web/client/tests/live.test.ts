// The client against a system that runs, and over a connection that is cut.

import { readFile, rm, writeFile } from "node:fs/promises";
import WebSocket from "ws";
import { afterEach, expect, test, vi } from "vitest";
import { DELIVERED, NEWEST, READ, TYPING } from "../src/documents.ts";
import { Http } from "../src/http.ts";
import { fixedSession } from "../src/index.ts";
import { devLogin, renewing } from "../src/session.ts";
import { API, LOGIN, SOCKETS, contents, live, named, open, pair, proxy, readable, until } from "./system.ts";

afterEach(() => void vi.restoreAllMocks());

test("a message is shown at once, then stored, then with the other user, who is said to have read it", async () => {
  const { ann, bob, chat, hers, his } = await pair();
  await ann.send(chat.id, "hello");
  expect(hers.items.map((item) => item.kind)).toEqual(["pending"]);
  await until(hers, () => hers.newest?.content === "hello");
  expect(hers.items.map((item) => item.kind)).toEqual(["message"]);
  await until(his, () => his.newest?.content === "hello");
  await until(bob.conversations, (list) => list.get(chat.id)?.unreadCount === 1);
  await until(hers, () => hers.newest?.status === "DELIVERED");
  bob.read(his.newest!);
  await until(hers, () => hers.newest?.status === "READ");
  await until(bob.conversations, (list) => list.get(chat.id)?.unreadCount === 0);
});

test("what is sent while the reader is cut off comes after the resume, in order and once", async () => {
  const sockets = await proxy(SOCKETS);
  const { ann, bob, chat, his } = await pair({ sockets: sockets.through(SOCKETS) });
  sockets.delayMs = 20;
  const expected: string[] = [];
  for (let round = 0; round < 3; round++) {
    sockets.refuses = true;
    sockets.cut();
    await until(bob, () => !live(bob));
    for (const part of ["one", "two", "three"]) {
      expected.push(`${round} ${part}`);
      await ann.send(chat.id, `${round} ${part}`);
    }
    await ann.outbox.idle();
    sockets.refuses = false;
    bob.inbox.wake();
    await until(bob, live);
    await until(his, () => his.messages.length >= expected.length);
    expect(contents(his)).toEqual(expected);
  }
  expect(his.messages.map((message) => message.seq)).toEqual(expected.map((_, at) => at + 1));
});

test("a send whose answer is lost is repeated, and stored and charged once", async () => {
  const api = await proxy(API);
  const { ann, bob, chat, his } = await pair();
  const again = await open(ann.me.username, { api: api.through(API) });
  await until(again, live);
  api.withholds = true;
  await again.send(chat.id, "once");
  // Bob has it, its author does not know.
  await until(his, () => his.newest?.content === "once");
  await until(again.outbox, (outbox) => outbox.entries.length === 0);
  api.cut();
  api.withholds = false;
  await again.outbox.idle();
  await readable(again, his.newest!.id);
  await again.timeline(chat.id).load();
  expect(contents(again.timeline(chat.id))).toEqual(["once"]);
  const { credits } = await bob.request<{ credits: { balanceMilli: number } }>("{ credits { balanceMilli } }");
  expect(credits.balanceMilli).toBe(100_000);
  const hers = await ann.request<{ credits: { balanceMilli: number } }>("{ credits { balanceMilli } }");
  expect(hers.credits.balanceMilli).toBe(99_900);
});

test("a number that is missing makes the messages between be fetched", async () => {
  const { ann, bob, chat, his } = await pair();
  for (let count = 1; count <= 5; count++) await ann.send(chat.id, `${count}`);
  await until(his, () => his.messages.length === 5);
  const late = bob.timeline(chat.id);
  const { newest } = late;
  const far = { ...newest!, id: "x", seq: newest!.seq + 3, content: "never stored" };
  await ann.send(chat.id, "6");
  late.created(far);
  await until(late, () => late.messages.length === 6);
  expect(contents(late)).toEqual(["1", "2", "3", "4", "5", "6"]);
});

test("a send that is refused stays with its reason until its author discards it", async () => {
  const { ann, chat, hers } = await pair();
  await ann.send(chat.id, "x".repeat(4_001));
  await until(ann.outbox, (outbox) => outbox.entries[0]?.state === "failed");
  const [entry] = ann.outbox.entries;
  expect(entry!.code).toBe("BAD_USER_INPUT");
  await ann.send(chat.id, "short");
  await until(hers, () => hers.newest?.content === "short");
  await ann.outbox.retry(entry!.clientMessageId);
  await until(ann.outbox, (outbox) => outbox.entries[0]?.state === "failed");
  await ann.outbox.discard(entry!.clientMessageId);
  expect(hers.items.map((item) => item.kind)).toEqual(["message"]);
});

test("a page that is older than the counts of its messages does not undo them", async () => {
  const { ann, bob, chat, hers, his } = await pair();
  await ann.send(chat.id, "hello");
  await until(his, () => his.newest?.content === "hello");
  await until(hers, () => hers.newest?.status === "DELIVERED");
  const { request } = Http.prototype;
  let release = () => {};
  const answered = new Promise<void>((resolve) => {
    const held = new Promise<void>((end) => (release = end));
    vi.spyOn(Http.prototype, "request").mockImplementation(async function (this: Http, query, variables) {
      const answer = await request.call(this, query, variables);
      if (query === NEWEST) {
        resolve();
        await held;
      }
      return answer;
    });
  });
  const page = hers.load();
  await answered;
  bob.read(his.newest!);
  await until(hers, () => hers.newest?.status === "READ");
  release();
  await page;
  await until(hers, () => hers.newest?.status === "READ");
});

test("acknowledgements of many messages are few", async () => {
  const { ann, bob, chat, hers, his } = await pair();
  const said = vi.spyOn(bob.inbox, "run");
  for (let count = 1; count <= 20; count++) await ann.send(chat.id, `${count}`);
  await until(his, () => his.messages.length === 20);
  for (const message of his.messages) bob.read(message);
  await until(hers, () => hers.messages.length === 20 && hers.messages.every((one) => one.status === "READ"));
  const of = (document: string) => said.mock.calls.filter(([query]) => query === document).length;
  expect(of(READ)).toBe(1);
  expect(of(DELIVERED)).toBeLessThan(10);
});

test("a reaction is counted for its author and for others, also after a cut", async () => {
  const sockets = await proxy(SOCKETS);
  const { ann, bob, chat, hers, his } = await pair({ sockets: sockets.through(SOCKETS) });
  await ann.send(chat.id, "personal best");
  await until(his, () => his.messages.length === 1);
  const { id } = his.newest!;
  await bob.react(id, "👍", true);
  expect(his.newest!.reactions).toEqual([{ emoji: "👍", count: 1, hasReacted: true }]);
  await until(hers, () => hers.newest?.reactions.length === 1);
  expect(hers.newest!.reactions).toEqual([{ emoji: "👍", count: 1, hasReacted: false }]);
  sockets.refuses = true;
  sockets.cut();
  await until(bob, () => !live(bob));
  await ann.react(id, "👍", true);
  sockets.refuses = false;
  bob.inbox.wake();
  await until(his, () => his.newest?.reactions[0]?.count === 2);
  await bob.react(id, "👍", false);
  await until(hers, () => hers.newest?.reactions[0]?.count === 1);
  expect(hers.newest!.reactions).toEqual([{ emoji: "👍", count: 1, hasReacted: true }]);
});

test("a mutation leaves its listener when it is answered, a timeline when it is evicted or its client closes", async () => {
  const { ann, chat } = await pair();
  const leave = vi.fn();
  vi.spyOn(ann.inbox, "onChange").mockReturnValue(leave);
  await ann.inbox.run(TYPING, { id: chat.id, on: true });
  expect(leave).toHaveBeenCalledTimes(1);
  leave.mockClear();
  vi.spyOn(ann.outbox, "onChange").mockReturnValue(leave);
  for (let count = 1; count <= 21; count++) ann.timeline(`${count}`);
  expect(leave).toHaveBeenCalledTimes(1);
  await ann.close();
  expect(leave).toHaveBeenCalledTimes(21);
});

test("a delivery of the user's own fetches nothing", async () => {
  const { ann, bob, chat } = await pair();
  const stale = vi.spyOn(bob.conversations, "stale");
  let before = 0;
  const caused = new Promise<number>((resolve) => {
    bob.onEvent((event) => {
      const calls = stale.mock.calls.length;
      if (event.__typename === "ReceiptAdvanced" && event.receipt.user.id === bob.me.id) resolve(calls - before);
      before = calls;
    });
  });
  await ann.send(chat.id, "hello");
  expect(await caused).toBe(0);
});

test("a token that is refused is renewed, for requests and for sockets", async () => {
  const name = named("carla");
  let asked = 0;
  const session = renewing(async () => {
    if (asked++ === 0) return "no.token.here";
    return (await devLogin(LOGIN, name)).token;
  });
  const carla = await open(name, { session });
  await until(carla, live);
  expect(asked).toBe(2);
  expect(carla.me.username).toBe(name);
});

test("without any good token the client says why", async () => {
  await expect(open("nobody", { session: fixedSession("a.b.c") })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
});

test("the program of the README runs, and once more beside what it has sent", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const program = /```ts\n([^]*?)```/.exec(readme)?.[1] ?? "";
  expect(program.trim().split("\n").length).toBeLessThanOrEqual(22);
  const here = program.replace("http://127.0.0.1:8080", new URL(API).origin).replace("@musclemap/client", "../src/index.ts");
  const said: string[] = [];
  Object.assign(globalThis, { WebSocket });
  const log = console.log;
  console.log = (text: string) => said.push(text);
  try {
    // One more than the policy allows of one text in a minute.
    for (let run = 1; run <= 4; run++) {
      const place = new URL(`./readme-${crypto.randomUUID()}.gen.ts`, import.meta.url);
      await writeFile(place, here);
      await import(/* @vite-ignore */ place.pathname).finally(() => rm(place));
    }
  } finally {
    console.log = log;
  }
  const bob = await open("bob");
  const chat = await bob.create({ kind: "DIRECT", participantIds: [(await open("ann")).me.id] });
  const timeline = bob.timeline(chat.id);
  await timeline.load();
  expect(contents(timeline).slice(-4)).toEqual(said);
  expect(said.every((text) => text.startsWith("hello at "))).toBe(true);
});
