// A user who is seen in another way, wherever they stand.

import { expect, test } from "vitest";
import type { UserView } from "../src/documents.ts";
import { withUser } from "../src/users.ts";

const ann: UserView = { id: "1", username: "ann", displayName: "Ann", avatarUrl: null };
const bob: UserView = { id: "2", username: "bob", displayName: "Bob", avatarUrl: null };
const anna: UserView = { ...ann, displayName: "Anna" };

test("a user is replaced at every depth, and what surrounds them stays", () => {
  const message = { id: "m", sender: ann, mentions: [bob, ann], replyTo: { sender: ann }, system: null };
  expect(withUser(message, anna)).toEqual({ id: "m", sender: anna, mentions: [bob, anna], replyTo: { sender: anna }, system: null });
  expect(withUser([{ role: "OWNER", user: ann }], anna)).toEqual([{ role: "OWNER", user: anna }]);
  expect(message.sender).toBe(ann);
});

test("what does not have the user is the same object, though an id of another kind is equal", () => {
  const message = { id: "1", sender: bob, mentions: [bob] };
  expect(withUser(message, anna)).toBe(message);
});
