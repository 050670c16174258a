// Sessions: a token is asked for once, whatever number of calls wait for it.

import { expect, test } from "vitest";
import { moderates, renewing } from "../src/session.ts";

test("renewals at the same time are one, and one that fails is repeated by the next call", async () => {
  let asked = 0;
  const session = renewing(async () => {
    if (++asked === 2) throw new Error("no answer");
    return `token ${asked}`;
  });
  expect(await Promise.all([session.token(), session.token(), session.renew()])).toEqual(Array(3).fill("token 1"));
  expect(await session.token()).toBe("token 1");
  const failed = await Promise.allSettled([session.renew(), session.renew(), session.token()]);
  expect(failed.map((one) => one.status)).toEqual(Array(3).fill("rejected"));
  expect(await Promise.all([session.token(), session.renew()])).toEqual(Array(2).fill("token 3"));
  expect(asked).toBe(3);
});

test.each([[["moderator"], true], [["user", "admin"], true], [["user"], false], [undefined, false]])("a token with the roles %j moderates: %s", (roles, expected) => {
  expect(moderates(`head.${btoa(JSON.stringify({ sub: "u", roles }))}.sign`)).toBe(expected);
});

test("a token that is no JWT moderates nothing", () => expect(moderates("opaque")).toBe(false));
