// What the server is told of a subscription, and when one is of another key.

import { expect, test } from "vitest";
import { inputOf, isKey } from "../src/pushes.ts";

const endpoint = "https://push.example/1";

test("a subscription is told with its keys, or not at all", () => {
  const keys = { p256dh: "BP", auth: "AU" };
  expect(inputOf({ endpoint, keys })).toEqual({ webPush: { endpoint, ...keys }, deviceType: "WEB" });
  for (const one of [{}, { endpoint }, { keys }, { endpoint, keys: { auth: "AU" } }]) expect(inputOf(one)).toBeNull();
});

test("keys are compared in base64url without padding", () => {
  const key = new Uint8Array([4, 251, 255, 254]).buffer;
  expect(isKey(key, "BPv__g")).toBe(true);
  for (const other of ["BPv__g==", "BPv//g", "BPv__w", ""]) expect(isKey(key, other)).toBe(false);
  expect(isKey(null, "")).toBe(false);
});
