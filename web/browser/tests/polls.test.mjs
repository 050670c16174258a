// Polls: sent, voted in by keyboard, followed live by another window, and closed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { add, as, inWindows, message, users, violations } from "../windows.mjs";

inWindows();

async function group(options) {
  const [ann, bob] = await users("ann", "bob");
  await ann.create("GROUP", [bob], "Lunch");
  const windows = [await as(ann.name, options), await as(bob.name)];
  for (const { page } of windows) await page.getByRole("navigation").getByRole("link", { name: "Lunch" }).click();
  return { ann, bob, hers: windows[0].page, his: windows[1].page };
}

/** Fills in the dialog of a new poll. */
async function ask(page, question, options) {
  await add(page, "New poll");
  const dialog = page.getByRole("dialog", { name: "New poll" });
  await dialog.getByLabel("Question").fill(question);
  for (const [at, option] of options.entries()) {
    if (at > 1) await dialog.getByRole("button", { name: "Add an option" }).click();
    await dialog.getByLabel(`Option ${at + 1}`, { exact: true }).fill(option);
  }
  return dialog;
}

test("a poll is voted in by keyboard, and both see each vote until it is closed", async () => {
  const { bob, hers, his } = await group({ colorScheme: "dark" });
  const dialog = await ask(hers, "Rice or beans?", ["rice", "beans", "both"]);
  assert.deepEqual(await violations(hers), []);
  await dialog.getByRole("button", { name: "Send the poll" }).press("Enter");
  await dialog.waitFor({ state: "detached" });
  const [asked, seen] = [message(hers, "Rice or beans?"), message(his, "Rice or beans?")];
  await seen.getByRole("group", { name: "Rice or beans?" }).waitFor();
  await his.getByRole("navigation").getByText("Poll: Rice or beans?").waitFor();

  const votes = (place, name, text) => place.locator("label", { hasText: name }).getByText(text, { exact: true }).waitFor();
  await seen.getByRole("radio", { name: "rice" }).focus();
  await his.keyboard.press("Space");
  await votes(seen, "rice", "1 vote");
  await votes(asked, "rice", "1 vote");
  assert.equal(await asked.getByRole("radio", { name: "rice" }).isChecked(), false, "it is another's vote");
  await his.keyboard.press("ArrowDown");
  await votes(asked, "beans", "1 vote");
  await votes(asked, "rice", "0 votes");
  await asked.getByRole("radio", { name: "beans" }).check();
  await votes(seen, "beans", "2 votes");
  assert.deepEqual(await violations(hers), []);
  assert.deepEqual(await violations(his), []);
  await asked.getByRole("button", { name: "Who voted" }).click();
  await hers.getByRole("dialog").getByText(bob.name, { exact: true }).waitFor();
  await hers.keyboard.press("Escape");
  await asked.getByRole("button", { name: "Take my vote back" }).click();
  await votes(seen, "beans", "1 vote");
  assert.equal(await seen.getByRole("button", { name: "Close the poll" }).count(), 0, "he did not send it");
  await asked.getByRole("button", { name: "Close the poll" }).click();
  await seen.getByText("Closed", { exact: true }).waitFor();
  assert.equal(await seen.getByRole("radio", { name: "rice" }).isDisabled(), true);
  await his.reload();
  await message(his, "Rice or beans?").getByText("Closed", { exact: true }).waitFor();
});

test("several answers are chosen, and nobody sees by whom", async () => {
  const { hers, his } = await group();
  const dialog = await ask(hers, "What hurts?", ["knee", "back"]);
  await dialog.getByLabel("Several answers are allowed").check();
  await dialog.getByLabel("Hide who votes").check();
  const soon = await hers.evaluate(() => {
    const end = new Date(Date.now() + 86_400_000);
    end.setMinutes(end.getMinutes() - end.getTimezoneOffset());
    return end.toISOString().slice(0, 16);
  });
  await dialog.getByLabel("Closes at").fill(soon);
  await dialog.getByRole("button", { name: "Send the poll" }).click();
  const [asked, seen] = [message(hers, "What hurts?"), message(his, "What hurts?")];
  for (const name of ["knee", "back"]) await seen.getByRole("checkbox", { name }).check();
  for (const name of ["knee", "back"]) await asked.locator("label", { hasText: name }).getByText("1 vote").waitFor();
  await seen.getByRole("checkbox", { name: "knee" }).uncheck();
  await asked.locator("label", { hasText: "knee" }).getByText("0 votes").waitFor();
  assert.equal(await asked.getByRole("button", { name: "Who voted" }).count(), 0);
  await asked.getByText("Nobody sees who votes").waitFor();
  await asked.getByText(/^Open until /).waitFor();
});
