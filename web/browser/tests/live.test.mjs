// What is there for a moment: who types, who is there.

import { test } from "node:test";
import { as, inWindows, message, pair } from "../windows.mjs";

inWindows();

test("who types is seen to, until they send or stop", async () => {
  const { ann, hers, his } = await pair();
  const line = his.getByText(`${ann.name} is typing`);
  await hers.locator("#composer").pressSequentially("hel");
  await line.waitFor();
  await hers.locator("#composer").press("Enter");
  await message(his, "hel").waitFor();
  await line.waitFor({ state: "detached" });
  await hers.locator("#composer").pressSequentially("again");
  await line.waitFor();
  await hers.locator("#composer").fill("");
  await line.waitFor({ state: "detached" });
});

test("who is there has a dot in the list and a word in the head, until their window closes or they hide it", async () => {
  const { bob, hers, his } = await pair();
  const row = hers.getByRole("navigation").getByRole("link", { name: bob.name });
  const head = (name) => hers.getByRole("main").getByRole("button", { name });
  await bob.protect({ showOnlineStatus: "EVERYONE" });
  await row.getByText("Online").waitFor({ state: "attached" });
  await row.locator(".presence").waitFor();
  await head(/Online/).waitFor();
  await bob.protect({ appearOffline: true });
  await row.locator(".presence").waitFor({ state: "detached" });
  await head(/Online/).waitFor({ state: "detached" });
  await bob.protect({ appearOffline: false });
  await head(/Online/).waitFor();
  await his.goto("about:blank");
  await head(/Last seen: Today/).waitFor();
  await row.getByText("Online").waitFor({ state: "detached" });
});

test("who looks at a conversation later sees who is there already", async () => {
  const { ann, bob } = await pair();
  await bob.protect({ showOnlineStatus: "EVERYONE" });
  const { page } = await as(ann.name);
  await page.getByRole("navigation").getByRole("link", { name: bob.name }).getByText("Online").waitFor({ state: "attached" });
});
