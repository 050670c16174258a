// What users are to each other, against a system that runs: presence, requests, search.

import { expect, test } from "vitest";
import type { Client } from "../src/index.ts";
import { SOCKETS, contents, live, named, open, pair, proxy, until } from "./system.ts";

function protect(client: Client, input: object): Promise<unknown> {
  const query = "mutation Protect($input: PrivacySettingsInput!) { updatePrivacySettings(input: $input) { appearOffline } }";
  return client.request(query, { input });
}

function sees(viewer: Client, of: Client, status: string): Promise<void> {
  return until(viewer.presence, (presence) => presence.of(of.me.id)?.status === status);
}

test("who is there is seen by who watches, with a conversation or without, until their socket closes", async () => {
  const { ann, bob } = await pair();
  const carla = await open(named("carla"));
  for (const other of [bob, carla]) {
    await until(other, live);
    await protect(other, { showOnlineStatus: "EVERYONE" });
    ann.presence.watch(other.me.id);
    await sees(ann, other, "ONLINE");
    await other.close();
    await sees(ann, other, "OFFLINE");
    expect(ann.presence.of(other.me.id)?.lastSeen).toBeTruthy();
  }
});

test("what changes while the watching one is cut off is seen after the reconnect", async () => {
  const sockets = await proxy(SOCKETS);
  const { ann, bob } = await pair({ sockets: sockets.through(SOCKETS) });
  await protect(ann, { showOnlineStatus: "EVERYONE" });
  bob.presence.watch(ann.me.id);
  await sees(bob, ann, "ONLINE");
  sockets.refuses = true;
  sockets.cut();
  await until(bob, () => !live(bob));
  await protect(ann, { appearOffline: true });
  sockets.refuses = false;
  bob.inbox.wake();
  await sees(bob, ann, "OFFLINE");
});

test("a request is in a list of its own, live, until it is accepted or declined", async () => {
  const [ann, bob] = [await open(named("ann")), await open(named("bob"))];
  await Promise.all([until(ann, live), until(bob, live)]);
  await until(bob.conversations, (list) => list.isLoaded);
  await protect(bob, { whoCanMessageMe: "NO_ONE" });
  const chat = await ann.create({ kind: "DIRECT", participantIds: [bob.me.id] });
  await ann.send(chat.id, "may I?");
  await until(bob.conversations, (list) => list.get(chat.id)?.isRequest);
  await until(ann.conversations, (list) => list.get(chat.id)?.canPost === false);
  await bob.accept(chat.id);
  expect(bob.conversations.get(chat.id)?.isRequest).toBe(false);
  await until(ann.conversations, (list) => list.get(chat.id)?.canPost);

  const group = await ann.create({ kind: "GROUP", participantIds: [bob.me.id], title: "Climbers" });
  await until(bob.conversations, (list) => list.get(group.id)?.isRequest);
  await bob.conversations.load();
  expect(bob.conversations.get(group.id)?.isRequest).toBe(true);
  await bob.decline(group.id);
  expect(bob.conversations.get(group.id)).toBe(undefined);
});

test("messages and users are found, the messages with what matches, and opened in what surrounds them", async () => {
  const { ann, bob, chat } = await pair();
  for (const text of ["one", "two", "leg day", "four", "five"]) await ann.send(chat.id, text);
  await ann.outbox.idle();
  await expect.poll(async () => (await bob.search("leg")).messages.nodes.length, { timeout: 30_000, interval: 3_000 }).toBe(1);
  const { messages } = await bob.search("leg");
  expect(messages.nodes[0]!.highlights).toEqual(["\u0002leg\u0003 day"]);
  const timeline = bob.timeline(chat.id);
  await timeline.around(messages.nodes[0]!.message.id);
  expect(contents(timeline)).toEqual(["one", "two", "leg day", "four", "five"]);
  await expect.poll(async () => (await bob.searchUsers(ann.me.username)).map((user) => user.id), { timeout: 30_000, interval: 3_000 }).toEqual([ann.me.id]);
});
