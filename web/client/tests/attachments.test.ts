// Files: put in parts that go on after a cut, followed until they are ready, sent once; forwards of them.

import { IDBFactory } from "fake-indexeddb";
import { afterEach, expect, test, vi } from "vitest";
import type { AttachmentView } from "../src/documents.ts";
import { ApiError } from "../src/errors.ts";
import { Files } from "../src/files.ts";
import { typeOf } from "../src/filetypes.ts";
import { forward } from "../src/forwards.ts";
import type { Request } from "../src/http.ts";
import { IndexedStorage, Outbox, type Upload, Uploads } from "../src/index.ts";
import { API, named, open, pair, proxy, readable, until } from "./system.ts";

const PART = 1_048_576;

afterEach(() => {
  vi.restoreAllMocks();
});

function pdf(bytes: number, name = "plan.pdf"): File {
  const body = new Uint8Array(bytes).map((_, at) => at % 251);
  body.set(new TextEncoder().encode("%PDF-1.7\n"));
  return new File([body], name, { type: "application/pdf" });
}

function settled(uploads: Uploads, id: string): Promise<void> {
  return until(uploads, () => ["ready", "rejected", "failed"].includes(find(uploads, id)?.state ?? ""));
}

function find(uploads: Uploads, id: string): Upload | undefined {
  return uploads.of("chat").find((upload) => upload.id === id);
}

/** The parts that are put from now on, by where each begins. */
function partsPut(): number[] {
  const parts: number[] = [];
  const { fetch } = globalThis;
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
    const range = new Headers(init?.headers).get("content-range");
    if (range) parts.push(Number(/bytes (\d+)-/.exec(range)?.[1]));
    return fetch(input, init);
  });
  return parts;
}

test("an upload that is cut off goes on at the last whole part, and is sent with its message", async () => {
  const api = await proxy(API);
  const { ann, chat, hers, his } = await pair();
  const client = await open(ann.me.username, { api: api.through(API) });
  const parts = partsPut();
  api.delayMs = 20;
  const { id } = client.uploads.add("chat", pdf(3 * PART + 7));
  await until(client.uploads, (uploads) => find(uploads, id)!.sent >= PART);
  api.refuses = true;
  api.cut();
  await expect.poll(() => parts.length).toBeGreaterThan(1);
  api.refuses = false;
  client.uploads.wake();
  await settled(client.uploads, id);
  expect(find(client.uploads, id)).toMatchObject({ state: "ready", sent: 3 * PART + 7, reason: null });
  expect(parts.filter((part) => part === 0).length).toBe(1);
  expect(new Set(parts)).toEqual(new Set([0, PART, 2 * PART, 3 * PART]));

  const attachments = client.uploads.take("chat");
  expect(client.uploads.of("chat")).toEqual([]);
  await client.send(chat.id, "", null, attachments);
  await until(his, () => his.newest?.attachments.length === 1);
  expect(his.newest).toMatchObject({ content: "", contentType: "FILE" });
  expect(his.newest!.attachments[0]).toMatchObject({ fileName: "plan.pdf", byteSize: 3 * PART + 7, state: "READY" });
  await until(hers, () => hers.newest?.attachments.length === 1);
});

test("what cannot be sent says why, and what was removed is uploaded no further", async () => {
  const ann = await open(named("ann"));
  const { uploads } = ann;
  const add = (content: string, name: string, type: string) => uploads.add("chat", new File([content], name, { type })).id;
  const rejected = [add("<p>", "page.html", "text/html"), add("", "plan.pdf", ""), add("no picture", "a.png", "image/png")];
  for (const id of rejected) await settled(uploads, id);
  const reasons = rejected.map((id) => [find(uploads, id)!.state, find(uploads, id)!.reason]);
  expect(reasons).toEqual([["rejected", "TYPE"], ["rejected", "SIZE"], ["rejected", "TYPE_MISMATCH"]]);
  expect(uploads.take("chat")).toEqual([]);
  const parts = partsPut();
  const { id } = uploads.add("chat", pdf(20 * PART));
  await until(uploads, () => find(uploads, id)!.sent >= PART);
  for (const one of [...rejected, id]) uploads.remove(one);
  const upTo = Math.max(...parts);
  const next = uploads.add("chat", pdf(100)).id;
  await settled(uploads, next);
  // The part that was about to be put may still be asked for.
  expect(Math.max(...parts)).toBeLessThanOrEqual(upTo + PART);
  expect(uploads.take("chat").length).toBe(1);
});

const READY = { id: "a", contentType: "application/pdf", state: "READY", url: "/files/new" } as AttachmentView;

test("an older answer does not undo that an attachment is ready", async () => {
  let complete = (_: unknown) => {};
  const request = (async (query: string) => {
    if (query.includes("createUpload")) return { createUpload: { attachmentId: "a", url: "/uploads/x", method: "PUT", headers: {} } };
    return new Promise<unknown>((resolve) => (complete = resolve));
  }) as Request;
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response(null, { status: 204 }));
  const uploads = new Uploads(request, API);
  const { id } = uploads.add("chat", pdf(100));
  await until(uploads, () => find(uploads, id)!.sent === 100);
  uploads.changedTo(READY);
  complete({ completeUpload: { ...READY, state: "SCANNING" } });
  await until(uploads, () => find(uploads, id)!.state !== "uploading");
  expect(find(uploads, id)!.state).toBe("ready");
});

test("a ticket that is not taken any more is replaced by another one for the same file", async () => {
  const asked: unknown[] = [];
  const request = (async (query: string, variables: { input?: { clientUploadId: string } }) => {
    if (!query.includes("createUpload")) return { completeUpload: READY };
    asked.push(variables.input?.clientUploadId);
    return { createUpload: { attachmentId: "a", url: `/uploads/${asked.length}`, method: "PUT", headers: {} } };
  }) as Request;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => new Response(null, { status: `${input}`.endsWith("/1") ? 410 : 204 }));
  const uploads = new Uploads(request, API);
  const { id } = uploads.add("chat", pdf(100));
  await settled(uploads, id);
  expect(find(uploads, id)!.state).toBe("ready");
  expect(asked).toEqual([id, id]);
});

test("the outbox keeps files over a reload", async () => {
  const factory = new IDBFactory();
  const silent = (() => new Promise(() => {})) as Request;
  const first = new Outbox(silent, new IndexedStorage("ann", factory), () => {});
  await first.add("c", "", null, [READY]);
  first.close();
  expect((await new IndexedStorage("ann", factory).all()).map((entry) => entry.attachments)).toEqual([[READY]]);
  const sent: unknown[] = [];
  const request = (async (_: string, { input }: { input: { attachmentIds: string[] } }) => {
    sent.push(input.attachmentIds);
    return { sendMessage: {} };
  }) as unknown as Request;
  const second = new Outbox(request, new IndexedStorage("ann", factory), () => {});
  await second.open();
  await second.idle();
  expect(sent).toEqual([["a"]]);
});

test("links that are renewed at the same time are asked for once, and stand in place of those before", async () => {
  const answers: ((answer: unknown) => void)[] = [];
  const files = new Files((() => new Promise<unknown>((resolve) => answers.push(resolve))) as Request);
  const old = { ...READY, url: "/files/old" };
  const both = [files.renew("a"), files.renew("a")];
  expect(answers.length).toBe(1);
  expect(files.of(old).url).toBe("/files/old");
  answers[0]!({ attachment: READY });
  expect(await Promise.all(both)).toEqual([READY, READY]);
  expect(files.of(old).url).toBe("/files/new");
  void files.renew("a");
  expect(answers.length).toBe(2);
});

test.each([
  ["a.JPG", "", "image/jpeg"],
  ["a.zip", "application/x-zip-compressed", "application/zip"],
  ["photo", "image/png", "image/png"],
  ["a.html", "text/html", undefined],
  ["a.constructor", "", undefined],
  ["pdf", "", undefined],
])("%s of the type %j is %s", (name, type, expected) => expect(typeOf({ name, type })).toBe(expected));

test("a forward is stored in each conversation that takes it, and names those that refuse it", async () => {
  const { ann, bob, chat, his } = await pair();
  await ann.send(chat.id, "squat deep");
  await until(his, () => his.messages.length === 1);
  const carla = await open(named("carla"));
  const closed = await carla.create({ kind: "GROUP", participantIds: [bob.me.id], title: "News" });
  await carla.request("mutation($id: ID!) { updateConversation(id: $id, announcementsOnly: true) { id } }", { id: closed.id });
  const pairOfThem = await bob.create({ kind: "DIRECT", participantIds: [carla.me.id] });
  const hers = carla.timeline(pairOfThem.id);
  await hers.load();
  const wanted = { clientMessageId: crypto.randomUUID(), messageId: his.newest!.id, to: [closed.id, pairOfThem.id], comment: "look" };
  await readable(bob, wanted.messageId);
  expect(await bob.forward(wanted)).toEqual([closed.id]);
  await until(hers, () => hers.messages.length === 2);
  expect(hers.messages.map((message) => message.content)).toEqual(["squat deep", "look"]);
  expect(hers.messages.map((message) => message.forwardedFrom?.sender?.username)).toEqual([ann.me.username, undefined]);
});

test("a forward without an outcome is asked for again under its id; one that is refused is not", async () => {
  const ids: unknown[] = [];
  const failing = (code: string): Request =>
    (async (_: string, { client }: { client: string }) => {
      ids.push(client);
      throw new ApiError(code, { code });
    }) as unknown as Request;
  const wanted = { clientMessageId: "c", messageId: "m", to: ["x"], comment: null };
  await expect(forward(failing("OUTCOME_PENDING"), wanted)).rejects.toMatchObject({ code: "OUTCOME_PENDING" });
  expect(ids).toEqual(["c", "c", "c"]);
  await expect(forward(failing("FORBIDDEN"), wanted)).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(ids.length).toBe(4);
});
