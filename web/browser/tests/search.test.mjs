// Search: messages with what matches in them, opened in what surrounds them; people; conversations.

import assert from "node:assert/strict";
import { test } from "node:test";
import { as, direct, inWindows, message, named, users } from "../windows.mjs";

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
