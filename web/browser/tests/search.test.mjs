// Search: messages with what matches in them, opened in what surrounds them; people; conversations.

import assert from "node:assert/strict";
import { test } from "node:test";
import { as, direct, inWindows, message, named, pair, users, violations } from "../windows.mjs";

inWindows();

test("a message is found by its words, marked, and opened by keyboard in what surrounds it", async () => {
  const { ann, bob, chat } = await direct();
  await ann.send(chat, "Leg day with squats <b>again</b>");
  for (let count = 1; count <= 56; count++) await ann.send(chat, `message ${count}`);
  await bob.finds("squats");
  const { page } = await as(bob.name);
  await page.getByRole("log").getByText("message 56", { exact: true }).waitFor();
  assert.equal(await message(page, "Leg day").count(), 0);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("squats");
  const found = page.getByRole("navigation").getByRole("link", { name: /Leg day/ });
  await found.locator("mark", { hasText: "squats" }).waitFor();
  assert.equal(await found.locator(".text").innerText(), "Leg day with squats <b>again</b>");
  await page.getByText("1 result", { exact: true }).waitFor();
  await page.keyboard.press("ArrowDown");
  await found.and(page.locator(":focus")).waitFor();
  await page.keyboard.press("Enter");
  await page.locator("article.highlighted", { hasText: "Leg day" }).waitFor();
  await page.getByRole("log").getByText("message 1", { exact: true }).waitFor();
  const bottom = page.getByRole("button", { name: "Jump to the newest message" });
  await bottom.click();
  await page.getByRole("log").getByText("message 56", { exact: true }).waitFor();
  // Escape in the list ends the search.
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Escape");
  await found.waitFor({ state: "detached" });
});

test("further messages come by a button", async () => {
  const { ann, bob, chat } = await direct();
  for (let count = 1; count <= 22; count++) await ann.send(chat, `plank number ${count}`);
  await bob.finds('"number 22"');
  const { page } = await as(bob.name);
  await page.getByRole("searchbox").fill("plank");
  const found = page.getByRole("navigation").getByRole("link", { name: /plank number/ });
  await found.nth(19).waitFor();
  await page.getByRole("button", { name: "Show more messages" }).click();
  await found.nth(21).waitFor();
  await page.getByRole("button", { name: "Show more messages" }).waitFor({ state: "detached" });
});

test("people are found by name and written to, conversations by their titles", async () => {
  const [ann, bob, carla] = await users("ann", "bob", "carla");
  const title = named("Climbers");
  await ann.create("GROUP", [bob], title);
  await carla.finds(carla.name);
  const { page } = await as(ann.name);
  const [search, list] = [page.getByRole("searchbox"), page.getByRole("navigation")];
  await search.fill(carla.name);
  await list.getByRole("button", { name: carla.name }).click();
  await page.getByRole("main").getByRole("button", { name: carla.name }).waitFor();
  await page.locator("#composer").waitFor();
  await search.fill(title);
  await list.getByRole("link", { name: title }).click();
  await page.getByRole("main").getByRole("button", { name: title }).waitFor();
  await search.fill(named("nothing"));
  await page.getByText("Nothing is found.").waitFor();
});

test("a conversation is searched by words, sender and day; a result is opened in what surrounds it", async () => {
  const { ann, bob, chat, hers, his } = await pair();
  await ann.send(chat, "squats at six");
  await bob.send(chat, "squats at seven");
  const other = await bob.create("DIRECT", [bob]);
  await bob.send(other, "squats alone");
  for (let count = 1; count <= 60; count++) await (count % 2 ? ann : bob).send(chat, `message ${count}`);
  for (const text of ['"squats alone"', '"squats at seven"']) await bob.finds(text);
  await his.getByRole("button", { name: "Search in the conversation" }).click();
  const panel = his.getByRole("complementary", { name: "Search in the conversation" });
  await panel.getByRole("searchbox").and(his.locator(":focus")).waitFor();
  await his.keyboard.type("squats");
  const found = panel.getByRole("list", { name: "Messages" }).getByRole("link");
  await panel.getByText("2 results", { exact: true }).waitFor();
  assert.equal(await found.filter({ hasText: "squats alone" }).count(), 0);
  assert.deepEqual(await violations(his), []);
  await panel.getByRole("combobox", { name: "From" }).selectOption({ label: ann.name });
  await panel.getByText("1 result", { exact: true }).waitFor();
  await found.filter({ hasText: "squats at six" }).locator("mark").waitFor();
  const day = (later) => new Date(Date.now() + later * 86_400_000).toISOString().slice(0, 10);
  await panel.getByLabel("First day").fill(day(2));
  await panel.getByText("Nothing is found.").waitFor();
  await panel.getByLabel("First day").fill(day(-2));
  await panel.getByLabel("Last day").fill(day(1));
  await panel.getByText("1 result", { exact: true }).waitFor();
  await found.focus();
  await his.keyboard.press("Enter");
  await his.locator("article.highlighted", { hasText: "squats at six" }).waitFor();
  await panel.getByRole("searchbox").focus();
  await his.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
  await his.getByRole("button", { name: "Search in the conversation" }).and(his.locator(":focus")).waitFor();

  // On a phone the result is what one sees then.
  await hers.setViewportSize({ width: 390, height: 780 });
  await hers.getByRole("button", { name: "Search in the conversation" }).click();
  await hers.getByRole("searchbox", { name: "Words of the message" }).fill("squats");
  assert.deepEqual(await violations(hers), []);
  assert.ok(await hers.getByRole("complementary").evaluate((one) => one.scrollWidth <= one.clientWidth), "nothing is beside the panel");
  await hers.getByRole("complementary").getByRole("link", { name: /squats at seven/ }).click();
  await hers.getByRole("complementary").waitFor({ state: "detached" });
  await hers.locator("article.highlighted", { hasText: "squats at seven" }).waitFor();
});
