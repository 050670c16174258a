// The system under test, which MM_API and MM_SOCKETS name, users of it, and proxies to it; both are closed after
// each test.

import { afterEach, vi } from "vitest";
import WebSocket from "ws";
import { Client, type Options, devSession } from "../src/index.ts";
import { ONE_MESSAGE } from "../src/documents.ts";
import { Changing } from "../src/emitter.ts";
import { Proxy } from "./proxy.ts";

function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: these tests need a system that runs`);
  return value;
}

export const API = variable("MM_API");
export const SOCKETS = variable("MM_SOCKETS");
export const LOGIN = new URL("/dev/login", API).href;

const opened: Client[] = [];
const proxies: Proxy[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.close()));
  await Promise.all(proxies.splice(0).map((one) => one.close()));
});

/** A user of its own name, so that tests do not meet. */
export function named(name: string): string {
  return `${name}-${crypto.randomUUID().slice(0, 8)}`;
}

export async function open(name: string, options: Partial<Options> = {}): Promise<Client> {
  const client = await Client.open({
    api: API,
    sockets: SOCKETS,
    session: devSession(LOGIN, name),
    webSocket: WebSocket,
    ...options,
  });
  opened.push(client);
  return client;
}

export async function proxy(url: string): Promise<Proxy> {
  const made = await Proxy.to(url);
  proxies.push(made);
  return made;
}

/** Waits until something holds of what changes. */
export function until<T extends Changing>(of: T, holds: (of: T) => unknown): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!holds(of)) return;
      leave();
      resolve();
    };
    const leave = of.onChange(look);
    queueMicrotask(look);
  });
}

/** Waits until a message can be read, pinned or forwarded: the inbox may tell of it a moment before. */
export function readable(client: Client, id: string): Promise<unknown> {
  return vi.waitFor(() => client.request(ONE_MESSAGE, { id }), { timeout: 5_000 });
}

/** Two users, and a conversation between them that both look at. */
export async function pair(optionsOfBob: Partial<Options> = {}) {
  const [ann, bob] = [await open(named("ann")), await open(named("bob"), optionsOfBob)];
  const chat = await ann.create({ kind: "DIRECT", participantIds: [bob.me.id] });
  const [hers, his] = [ann.timeline(chat.id), bob.timeline(chat.id)];
  await Promise.all([hers.load(), his.load(), until(bob, live), until(ann, live)]);
  return { ann, bob, chat, hers, his };
}

export function live(client: Client): boolean {
  return client.connection === "live";
}

export function contents(timeline: { messages: readonly { content: string | null }[] }): (string | null)[] {
  return timeline.messages.map((message) => message.content);
}
