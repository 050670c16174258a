// Pins: who may pins a message, everyone sees it in the bar, and comes to it from there.

import assert from "node:assert/strict";
import { test } from "node:test";
import { act, as, inWindows, message, pair, users, violations, write } from "../windows.mjs";

inWindows();

const bar = (page) => page.getByRole("region", { name: "Pinned messages" });

test("either of two pins and unpins, and the other sees both at once", async () => {
  const { hers, his } = await pair();
  await write(hers, "at six");
  await message(his, "at six").waitFor();
  await act(his, "at six", "Pin");
  for (const page of [hers, his]) {
    await bar(page).getByRole("button", { name: "1 pinned message", expanded: false }).waitFor();
    await message(page, "at six").getByRole("img", { name: "Pinned" }).waitFor();
  }
  await hers.getByRole("log").getByText("pinned a message").waitFor();
  await act(hers, "at six", "Unpin");
  for (const page of [hers, his]) {
    await bar(page).waitFor({ state: "detached" });
    await message(page, "at six").getByRole("img", { name: "Pinned" }).waitFor({ state: "detached" });
  }
});

test("only who manages a group pins, and members come to a pin that is far away by keyboard", async () => {
  const [ann, bob] = await users("ann", "bob");
  const chat = await ann.create("GROUP", [bob], "Climbers");
  const pin = "mutation($id: ID!) { pinMessage(messageId: $id) { id } }";
  for (const text of ["meet at the wall", "bring chalk"]) await ann.ask(pin, { id: await ann.send(chat, text) });
  for (let count = 1; count <= 56; count++) await ann.send(chat, `message ${count}`);
  const { page } = await as(bob.name);
  await page.getByRole("log").getByText("message 56", { exact: true }).waitFor();
  await message(page, "message 56").hover();
  await message(page, "message 56").getByRole("button", { name: "Actions on the message" }).click();
  await page.getByRole("menuitem", { name: "Copy text" }).waitFor();
  assert.equal(await page.getByRole("menuitem", { name: "Pin" }).count(), 0);
  await page.keyboard.press("Escape");

  await bar(page).getByRole("button", { name: /bring chalk/ }).waitFor();
  const toggle = bar(page).getByRole("button", { name: "2 pinned messages" });
  await toggle.focus();
  await page.keyboard.press("Enter");
  const first = bar(page).getByRole("listitem").first();
  await first.getByText("meet at the wall").waitFor();
  assert.equal(await bar(page).getByRole("button", { name: /^Unpin/ }).count(), 0);
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press("Escape");
  await toggle.and(page.locator(":focus")).waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.locator("article.highlighted", { hasText: "meet at the wall" }).waitFor();
  // And once more, after one has gone on.
  await page.getByRole("button", { name: "Jump to the newest message" }).click();
  await page.getByRole("log").getByText("message 56", { exact: true }).waitFor();
  await toggle.click();
  await first.getByRole("button").first().click();
  await page.locator("article.highlighted", { hasText: "meet at the wall" }).waitFor();
});

test("the owner unpins from the list, and sees why no more can be pinned", async () => {
  const [ann, bob] = await users("ann", "bob");
  const chat = await ann.create("GROUP", [bob], "Climbers");
  const pin = "mutation($id: ID!) { pinMessage(messageId: $id) { id } }";
  for (let count = 1; count <= 10; count++) await ann.ask(pin, { id: await ann.send(chat, `pin ${count}`) });
  await ann.send(chat, "one too many");
  const { page } = await as(ann.name, { colorScheme: "dark" });
  await message(page, "one too many").waitFor();
  await act(page, "one too many", "Pin");
  await page.getByText("No more messages can be pinned here.").waitFor();
  await bar(page).getByRole("button", { name: "10 pinned messages" }).click();
  assert.deepEqual(await violations(page), []);
  await bar(page).getByRole("button", { name: `Unpin the message of ${ann.name}` }).first().click();
  const toggle = bar(page).getByRole("button", { name: "9 pinned messages" });
  await toggle.and(page.locator(":focus")).waitFor();
  await act(page, "one too many", "Pin");
  await bar(page).getByRole("button", { name: "10 pinned messages" }).waitFor();
});
