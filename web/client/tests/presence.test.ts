// Presence of watched users, and heartbeats, by an inbox that answers when the test says so.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HEARTBEAT, PRESENCE, type PresenceView } from "../src/documents.ts";
import { Heartbeats } from "../src/heartbeats.ts";
import type { Inbox } from "../src/inbox.ts";
import { Presence } from "../src/presence.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function is(userId: string, status: PresenceView["status"]): PresenceView {
  return { userId, status, lastSeen: null };
}

interface Asked {
  query: string;
  variables: { users?: string[]; active?: boolean };
  answer: (data: unknown) => void;
}

function inbox(connection = "live") {
  const asked: Asked[] = [];
  const followed: { users: string[]; over: () => void; leave: () => void }[] = [];
  const pings = new Set<() => void>();
  const made = {
    connection,
    run: (query: string, variables: Asked["variables"]) =>
      new Promise((answer) => asked.push({ query, variables, answer })),
    follow: (_: string, { users }: { users: string[] }, { over }: { over: () => void }) => {
      const leave = vi.fn();
      followed.push({ users, over, leave });
      return leave;
    },
    onPing: (listener: () => void) => {
      pings.add(listener);
      return () => pings.delete(listener);
    },
  };
  return { inbox: made as unknown as Inbox, asked, followed, pings, made };
}

test("users who are watched together are read together, and followed until none watches them", async () => {
  const { inbox: socket, asked, followed } = inbox();
  const presence = new Presence(socket, () => true);
  const leave = ["ann", "bob", "ann"].map((user) => presence.watch(user));
  await vi.advanceTimersByTimeAsync(100);
  expect(asked.map(({ query, variables }) => [query, variables.users])).toEqual([[PRESENCE, ["ann", "bob"]]]);
  expect(followed.map(({ users }) => users)).toEqual([["ann", "bob"]]);
  asked[0]!.answer({ presence: [is("ann", "ONLINE"), is("bob", "OFFLINE")] });
  await vi.advanceTimersByTimeAsync(0);
  expect(presence.of("ann")?.status).toBe("ONLINE");
  leave[0]!();
  leave[0]!();
  leave[1]!();
  presence.watch("carl");
  await vi.advanceTimersByTimeAsync(100);
  // Who is known is not read again.
  expect(asked[1]!.variables.users).toEqual(["carl"]);
  expect(followed[1]!.users).toEqual(["ann", "carl"]);
  expect(followed[0]!.leave).toHaveBeenCalledTimes(1);
  expect(presence.of("bob")).toBe(undefined);
});

test("a status that is published while statuses are read stays; of others nothing is kept", async () => {
  const { inbox: socket, asked } = inbox();
  const presence = new Presence(socket, () => true);
  presence.watch("ann");
  await vi.advanceTimersByTimeAsync(100);
  presence.changedTo(is("ann", "OFFLINE"));
  presence.changedTo(is("eve", "ONLINE"));
  asked[0]!.answer({ presence: [is("ann", "ONLINE")] });
  await vi.advanceTimersByTimeAsync(0);
  expect([presence.of("ann")?.status, presence.of("eve")]).toEqual(["OFFLINE", undefined]);
});

test("after a cut all are read again, and a subscription that ended is made again", async () => {
  const { inbox: socket, asked, followed } = inbox();
  const presence = new Presence(socket, () => true);
  presence.watch("ann");
  await vi.advanceTimersByTimeAsync(100);
  asked[0]!.answer({ presence: [is("ann", "ONLINE")] });
  followed[0]!.over();
  presence.refresh();
  await vi.advanceTimersByTimeAsync(100);
  expect([asked.length, followed.length]).toEqual([2, 2]);
});

test("without the feature nobody is read", async () => {
  const { inbox: socket, asked, followed } = inbox();
  const presence = new Presence(socket, () => false);
  presence.watch("ann");
  await vi.advanceTimersByTimeAsync(100);
  expect([asked.length, followed.length]).toEqual([0, 0]);
});

test("heartbeats say whether the user was active since the last one; one who comes back is said at once", async () => {
  const { inbox: socket, asked, pings, made } = inbox();
  const heartbeats = new Heartbeats(socket, () => true);
  const said = () => asked.map(({ query, variables }) => query === HEARTBEAT && variables.active);
  heartbeats.beat();
  heartbeats.touch();
  expect(said()).toEqual([true]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.map(({ variables }) => variables.active)).toEqual([true, true, false]);
  heartbeats.touch();
  heartbeats.touch();
  expect(said()).toEqual([true, true, false, true]);
  // Pings of the server stand for a timer that is slow.
  vi.setSystemTime(Date.now() + 20_000);
  for (const ping of pings) ping();
  for (const ping of pings) ping();
  expect(asked.length).toBe(5);
  made.connection = "connecting";
  await vi.advanceTimersByTimeAsync(90_000);
  expect(asked.length).toBe(5);
  heartbeats.stop();
  expect(pings.size).toBe(0);
});
