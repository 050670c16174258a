// The outbox over reloads: two of them, one after the other, on one database.

import { IDBFactory } from "fake-indexeddb";
import { expect, test, vi } from "vitest";
import { ApiError, type AttachmentView, IndexedStorage, type MessageView, Outbox } from "../src/index.ts";

type Sent = { clientMessageId: string; content: string };
type Answering = (input: Sent) => Promise<MessageView>;

/** An API with given answers, and the requests to it. */
function api(answer: Answering) {
  const asked: Sent[] = [];
  const request = async <T>(_: string, variables: Record<string, unknown>): Promise<T> => {
    const input = variables["input"] as Sent;
    asked.push(input);
    return { sendMessage: await answer(input) } as T;
  };
  return { asked, request };
}

const stored: Answering = async ({ clientMessageId, content }) => ({ clientMessageId, content }) as MessageView;
const silent: Answering = () => new Promise(() => {});
const ids = (sent: readonly { clientMessageId: string }[]) => sent.map((one) => one.clientMessageId);

test("what was not answered before a reload is sent after it under the same id, in its order", async () => {
  const factory = new IDBFactory();
  const before = api(silent);
  const first = new Outbox(before.request, new IndexedStorage("ann", factory), () => {});
  await first.add("c", "one");
  await first.add("c", "two");
  first.close();

  const after = api(stored);
  const arrived: MessageView[] = [];
  const second = new Outbox(after.request, new IndexedStorage("ann", factory), (message) => arrived.push(message));
  await second.open();
  await second.idle();
  expect(after.asked.map((one) => one.content)).toEqual(["one", "two"]);
  expect(ids(after.asked)).toEqual(ids(first.entries));
  expect(arrived.length).toBe(2);
  expect(await new IndexedStorage("ann", factory).all()).toEqual([]);
});

test("what is spoken is sent as a voice message, after a reload too, under the same id", async () => {
  const factory = new IDBFactory();
  const recording = { id: "file" } as AttachmentView;
  const before = new Outbox(api(silent).request, new IndexedStorage("ann", factory), () => {});
  const { clientMessageId } = await before.add("c", "", "m", [recording], { isVoice: true });
  before.close();
  const asked: Record<string, unknown>[] = [];
  const request = async <T>(query: string, variables: Record<string, unknown>): Promise<T> => {
    asked.push({ mutation: /sendVoiceMessage|sendMessage/.exec(query)?.[0], ...variables });
    return { message: { clientMessageId } } as T;
  };
  const after = new Outbox(request, new IndexedStorage("ann", factory), () => {});
  await after.open();
  await after.idle();
  const said = { conversation: "c", attachment: "file", client: clientMessageId, replyTo: "m" };
  expect(asked).toEqual([{ mutation: "sendVoiceMessage", ...said }]);
  expect(after.entries).toEqual([]);
});

test("another user's outbox is not sent", async () => {
  const factory = new IDBFactory();
  const hers = new Outbox(api(silent).request, new IndexedStorage("ann", factory), () => {});
  await hers.add("c", "hers");
  const { asked, request } = api(stored);
  const his = new Outbox(request, new IndexedStorage("bob", factory), () => {});
  await his.open();
  await his.idle();
  expect(asked).toEqual([]);
});

test("failures that pass are repeated under one id, and given up after their budget", async () => {
  vi.useFakeTimers();
  const { asked, request } = api(async () => {
    throw new ApiError("later", { code: "UNAVAILABLE" });
  });
  const outbox = new Outbox(request, new IndexedStorage("ann", new IDBFactory()), () => {});
  // fake-indexeddb schedules by timers, too.
  const added = outbox.add("c", "one");
  while (outbox.entries[0]?.state !== "failed") await vi.advanceTimersByTimeAsync(60_000);
  await added;
  vi.useRealTimers();
  expect(outbox.entries[0]?.code).toBe("UNAVAILABLE");
  expect(asked.length).toBe(9);
  expect(new Set(ids(asked)).size).toBe(1);
});

test("a message that comes by the inbox settles its entry, which is not sent again", async () => {
  const { asked, request } = api(async ({ clientMessageId }) => {
    outbox.settled(clientMessageId);
    throw new ApiError("no answer in time", { code: "OUTCOME_PENDING" });
  });
  const outbox: Outbox = new Outbox(request, new IndexedStorage("ann", new IDBFactory()), () => {});
  await outbox.add("c", "one");
  await outbox.idle();
  expect(asked.length).toBe(1);
  expect(outbox.entries).toEqual([]);
});
