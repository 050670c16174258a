// The list of conversations: one that changes during a fetch is fetched again, so the newest answer is shown.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Conversations } from "../src/conversations.ts";
import type { ConversationView } from "../src/documents.ts";
import { ApiError } from "../src/errors.ts";
import type { Request } from "../src/http.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** One conversation, and the answers that fetches of it wait for. */
function conversations() {
  const answers: { resolve: (answer: unknown) => void; reject: (reason: Error) => void }[] = [];
  const request = (() => new Promise<unknown>((resolve, reject) => answers.push({ resolve, reject }))) as Request;
  const list = new Conversations(request);
  list.put(counting(0));
  return { list, answers };
}

function counting(unreadCount: number): ConversationView {
  return { id: "chat", unreadCount } as ConversationView;
}

/** Longer than changes wait for others. */
const later = () => vi.advanceTimersByTimeAsync(1_000);

test("a conversation that changes during a fetch is fetched again after it", async () => {
  const { list, answers } = conversations();
  list.stale("chat");
  list.stale("chat");
  await later();
  list.stale("chat");
  await later();
  expect(answers.length).toBe(1);
  answers[0]!.resolve({ conversation: counting(1) });
  await later();
  expect(answers.length).toBe(2);
  answers[1]!.resolve({ conversation: counting(2) });
  await later();
  expect(list.get("chat")?.unreadCount).toBe(2);
});

test.each([
  ["is not found", "NOT_FOUND", undefined],
  ["cannot be fetched", "UNAVAILABLE", counting(0)],
])("a conversation that %s", async (_, code, left) => {
  const { list, answers } = conversations();
  list.stale("chat");
  await later();
  answers[0]!.reject(new ApiError(code, { code }));
  await later();
  expect(list.get("chat")).toEqual(left);
});

test("nothing is fetched after the stop", async () => {
  const { list, answers } = conversations();
  list.stale("chat");
  await later();
  list.stale("chat");
  list.stop();
  answers[0]!.resolve({ conversation: counting(1) });
  await later();
  expect(answers.length).toBe(1);
});

/** Conversations of which the open shelf has so many pages, and what is asked of the API. */
async function shelves(pages: number) {
  const asked: unknown[] = [];
  const page = (id: string, hasNextPage: boolean) => ({ conversations: { nodes: [{ id, createdAt: "" }], pageInfo: { hasNextPage, endCursor: id } } });
  const request = (async (_: string, { filter, after }: { filter: object | null; after: string | null }) => {
    asked.push([filter, after]);
    return page(`${Object.keys(filter ?? {})} ${asked.length}`, filter === null && --pages > 0);
  }) as unknown as Request;
  const list = new Conversations(request);
  await list.load();
  return { list, asked };
}

test("each list has pages of its own, from its beginning", async () => {
  const { list, asked } = await shelves(3);
  asked.length = 0;
  for (const one of ["starred", "unread", "groups", "#gym", "archived"] as const) {
    expect([list.isBegun(one), list.hasMore(one)]).toEqual([false, true]);
    await list.more(one);
    expect([list.isBegun(one), list.hasMore(one)]).toEqual([true, false]);
  }
  const filters = [{ starred: true }, { unread: true }, { kind: "GROUP" }, { label: "gym" }, { archived: true }];
  expect(asked).toEqual(filters.map((filter) => [filter, null]));
  await list.more("open");
  expect(asked.at(-1)).toEqual([null, " 1"]);
});

test("of an open shelf that is known whole no part is asked for", async () => {
  const { list, asked } = await shelves(1);
  await list.more("starred");
  expect([list.isBegun("starred"), list.isBegun("#gym"), list.isBegun("archived")]).toEqual([true, true, false]);
  expect(asked.length).toBe(2);
});
