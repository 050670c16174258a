// Translations: asked for in the menu of a message, told to other windows of the asker, and made by themselves.
//
// The translator of the test puts the language in front of each word.

import assert from "node:assert/strict";
import { test } from "node:test";
import { act, as, choose, inWindows, message, saved, users, violations } from "../windows.mjs";

inWindows();

const TEXT = "Nos vemos mañana en el gimnasio";
const ENGLISH = "en:Nos en:vemos en:mañana en:en en:el en:gimnasio";

/** Two users, a message, and a window of the second one in which it is shown. */
async function written() {
  const [ann, bob] = await users("ann", "bob");
  const chat = await ann.create("DIRECT", [bob]);
  await ann.send(chat, TEXT);
  const look = async (options) => {
    const { page } = await as(bob.name, options);
    await page.getByRole("navigation").getByRole("link", { name: ann.name }).click();
    await message(page, "Nos").waitFor();
    return page;
  };
  return { ann, bob, chat, look };
}

test("a message is translated by its menu, in all windows of who asked, and the original is a press away", async () => {
  const { look } = await written();
  const page = await look({ colorScheme: "dark" });
  const other = await look();
  await act(page, TEXT, "Translate");
  for (const window of [page, other]) await message(window, ENGLISH).waitFor();
  assert.deepEqual(await violations(page), []);

  // By keyboard: to the text as it was written, and back.
  const original = message(page, ENGLISH).getByRole("button", { name: "Show the original" });
  await original.focus();
  await page.keyboard.press("Enter");
  await message(page, TEXT).waitFor();
  await page.keyboard.press("Enter");
  await message(page, ENGLISH).waitFor();

  // What is translated offers it no more.
  const article = message(page, ENGLISH);
  await article.hover();
  await article.getByRole("button", { name: "Actions on the message" }).click();
  await article.getByRole("menuitem", { name: "Copy text" }).waitFor();
  assert.equal(await article.getByRole("menuitem", { name: "Translate", exact: true }).count(), 0);
});

test("messages in other languages are translated by themselves where the user wants it", async () => {
  const { ann, chat, look } = await written();
  const page = await look();
  await choose(page, "Settings");
  const control = page.getByLabel("Translate messages by themselves");
  await control.check();
  await saved(control);
  await page.keyboard.press("Escape");
  await message(page, ENGLISH).waitFor();
  await ann.send(chat, "Buenas noches a todos");
  await message(page, "en:Buenas en:noches en:a en:todos").waitFor();
  // What is in the user's own language stays, and so does what cannot be told.
  await ann.send(chat, "see you at the gym");
  await ann.send(chat, "vale");
  await message(page, "vale").waitFor();
  assert.equal(await message(page, "en:see").count() + await message(page, "en:vale").count(), 0);
  await message(page, "see you at the gym").waitFor();
});
