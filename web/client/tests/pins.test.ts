// Pins: both see them come and go, over cuts and after what the inbox could not replay.

import { expect, test } from "vitest";
import type { MessageView } from "../src/documents.ts";
import type { Request } from "../src/http.ts";
import { Pins } from "../src/pins.ts";
import { SOCKETS, contents, live, pair, proxy, readable, until } from "./system.ts";

/** What is pinned, by its text. */
function texts(pins: Pins, conversation: string): (string | null)[] {
  return contents({ messages: pins.of(conversation) });
}

test("a pin is seen by both, in its order, also after a cut, and goes with its message", async () => {
  const sockets = await proxy(SOCKETS);
  const { ann, bob, chat, hers, his } = await pair({ sockets: sockets.through(SOCKETS) });
  for (const client of [ann, bob]) client.pins.follow(chat.id);
  for (const text of ["one", "two"]) await ann.send(chat.id, text);
  await until(his, () => his.messages.length === 2);
  const [one, two] = his.messages;
  await readable(bob, two!.id);
  await bob.pin(two!.id, true);
  expect(his.messages[1]!.pinnedAt).not.toBeNull();
  await until(ann.pins, (pins) => pins.of(chat.id).length === 1);
  await until(hers, () => hers.messages.some((message) => message.id === two!.id && message.pinnedAt !== null));

  sockets.refuses = true;
  sockets.cut();
  await until(bob, () => !live(bob));
  await ann.pin(one!.id, true);
  sockets.refuses = false;
  bob.inbox.wake();
  await until(bob.pins, (pins) => pins.of(chat.id).length === 2);
  expect(texts(bob.pins, chat.id)).toEqual(["two", "one"]);
  expect(his.messages.find((message) => message.id === one!.id)!.pinnedAt).not.toBeNull();

  await ann.edit(one!.id, "one, mended");
  await until(bob.pins, (pins) => texts(pins, chat.id).includes("one, mended"));
  await ann.remove(two!.id);
  await until(bob.pins, (pins) => pins.of(chat.id).length === 1);
  await bob.pin(one!.id, false);
  await until(ann.pins, (pins) => pins.of(chat.id).length === 0);
});

/** Pins, and the answers that reads of them wait for. */
function pins() {
  const answers: ((pinned: string[]) => void)[] = [];
  const request = (() =>
    new Promise<unknown>((resolve) =>
      answers.push((pinned) => resolve({ getPinnedMessages: pinned.map((id) => ({ id, conversationId: "chat" }) as MessageView) })),
    )) as Request;
  return { answers, pins: new Pins(request) };
}

test("a change during a read causes another one, and conversations that nobody looks at are not read", async () => {
  const { answers, pins: all } = pins();
  all.changedIn("other");
  all.follow("chat");
  await expect.poll(() => answers.length).toBe(1);
  all.changedIn("chat");
  answers[0]!([]);
  await expect.poll(() => answers.length).toBe(2);
  answers[1]!(["m"]);
  await until(all, () => all.of("chat").length === 1);
  all.updated({ id: "another", conversationId: "chat" });
  all.updated({ id: "m", conversationId: "chat" });
  await expect.poll(() => answers.length).toBe(3);
  all.stop();
  expect(all.of("other")).toEqual([]);
});
