// Templates: variables are filled once, and a template that is gone keeps no text from being sent.

import { IDBFactory } from "fake-indexeddb";
import { expect, test } from "vitest";
import { ApiError, IndexedStorage, type MessageView, Outbox, filled } from "../src/index.ts";

test.each([
  ["Hi {name}, see you on {date}", "Hi Bob {date}, see you on today"],
  ["{name}{name}", "Bob {date}Bob {date}"],
  ["{Name} {more} {{name}} {", "{Name} {more} {Bob {date}} {"],
])("%s", (content, expected) => expect(filled(content, { name: "Bob {date}", date: "today" })).toBe(expected));

test.each(["NOT_FOUND", "FEATURE_DISABLED"])("a send whose template is %s is repeated without it, under its id", async (code) => {
  const asked: { clientMessageId: string; templateId: string | null }[] = [];
  const request = async <T>(_: string, variables: Record<string, unknown>): Promise<T> => {
    const input = variables["input"] as (typeof asked)[number];
    asked.push(input);
    if (input.templateId) throw new ApiError("gone", { code });
    return { sendMessage: { clientMessageId: input.clientMessageId } as MessageView } as T;
  };
  const outbox = new Outbox(request, new IndexedStorage("ann", new IDBFactory()), () => {});
  await outbox.add("c", "Hi", null, [], { templateId: "t" });
  await outbox.idle();
  expect(asked.map((one) => one.templateId)).toEqual(["t", null]);
  expect(new Set(asked.map((one) => one.clientMessageId)).size).toBe(1);
  expect(outbox.entries).toEqual([]);
});
