// Message requests: who is asked decides over them, and who asks has one message until then.

import assert from "node:assert/strict";
import { test } from "node:test";
import { as, inWindows, message, users, violations, write } from "../windows.mjs";

inWindows();

/** Two windows: she has asked him, who lets nobody write to him. */
async function asking(options) {
  const [ann, bob] = await users("ann", "bob");
  await bob.protect({ whoCanMessageMe: "NO_ONE" });
  const his = (await as(bob.name, options)).page;
  await ann.create("DIRECT", [bob]);
  const hers = (await as(ann.name, options)).page;
  await hers.getByRole("navigation").getByRole("link", { name: bob.name }).click();
  await write(hers, "may I?");
  const waits = hers.getByText(`Your message waits until ${bob.name} accepts it.`);
  await waits.waitFor();
  assert.equal(await hers.locator("#composer").count(), 0);
  // It came while he looked at his list, which has it in a section of its own.
  const section = his.getByRole("button", { name: "1 message request" });
  await section.waitFor();
  const request = his.getByRole("navigation").getByRole("link", { name: ann.name });
  assert.equal(await request.count(), 0);
  return { ann, bob, hers, his, waits, section, request };
}

test("a request is accepted by keyboard, and is a conversation as any other", async () => {
  const { hers, his, waits, section, request } = await asking({ colorScheme: "dark" });
  await section.focus();
  await his.keyboard.press("Enter");
  await request.and(his.locator(":focus")).waitFor();
  await his.keyboard.press("Enter");
  await message(his, "may I?").waitFor();
  assert.deepEqual(await violations(his), []);
  assert.deepEqual(await violations(hers), []);
  await his.getByRole("button", { name: "Accept" }).focus();
  await his.keyboard.press("Enter");
  await his.locator("#composer").and(his.locator(":focus")).waitFor();
  await his.keyboard.type("you may");
  await his.keyboard.press("Enter");
  await message(hers, "you may").waitFor();
  await waits.waitFor({ state: "detached" });
  await write(hers, "thank you");
  await message(his, "thank you").waitFor();
  await his.getByRole("navigation").getByRole("button", { name: "All" }).click();
  await request.waitFor();
  assert.equal(await section.count(), 0);
});

test("a request that is declined is gone, and who asked is not told", async () => {
  const { hers, his, waits, section, request } = await asking();
  await his.getByRole("navigation").getByRole("button", { name: "Requests", exact: true }).click();
  await request.click();
  await message(his, "may I?").waitFor();
  assert.deepEqual(await violations(his), []);
  await his.getByRole("button", { name: "Decline" }).click();
  await his.getByText("Declined.").waitFor();
  await request.waitFor({ state: "detached" });
  await his.getByRole("navigation").getByRole("button", { name: "All" }).click();
  assert.equal(await section.count(), 0);
  await hers.reload();
  await waits.waitFor();
});

test("who is added to a group by request reads along, and decides", async () => {
  const [ann, bob, carla] = await users("ann", "bob", "carla");
  await bob.protect({ whoCanMessageMe: "NO_ONE" });
  const chat = await ann.create("GROUP", [bob, carla], "Climbers");
  await ann.send(chat, "welcome");
  const { page } = await as(bob.name);
  await page.getByRole("button", { name: "1 message request" }).click();
  await page.getByRole("navigation").getByRole("link", { name: /Climbers/ }).click();
  await message(page, "welcome").waitFor();
  await page.getByText("You were added to “Climbers”.").waitFor();
  await page.getByRole("button", { name: "Accept" }).click();
  await page.locator("#composer").waitFor();
});
