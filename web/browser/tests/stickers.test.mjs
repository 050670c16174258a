// Stickers: a pack is made and filled, found and added in another window, and sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { add, as, chooseFiles, inWindows, loaded, message, named, picture, users, violations, write } from "../windows.mjs";

inWindows();

async function packs(page) {
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Stickers" }).click();
  return page.getByRole("dialog", { name: "Stickers" });
}

test("a pack is made, found and added in another window, and a sticker of it is sent and quoted", async () => {
  const [ann, bob] = await users("ann", "bob");
  await ann.create("GROUP", [bob], "Lunch");
  const [{ page: hers }, { page: his }] = [await as(ann.name), await as(bob.name, { colorScheme: "dark" })];
  for (const page of [hers, his]) await page.getByRole("navigation").getByRole("link", { name: "Lunch" }).click();

  const pack = named("Gym");
  const dialog = await packs(hers);
  await dialog.getByLabel("New pack").fill(pack);
  await dialog.getByRole("checkbox", { name: "Everybody may find and add it" }).check();
  await dialog.getByRole("button", { name: "Create the pack" }).click();
  const own = dialog.getByRole("list", { name: "My packs" }).getByRole("listitem", { name: pack });
  for (const name of ["Squat", "Lunge"]) {
    await own.getByLabel("Name of the sticker").fill(name);
    await own.getByLabel("Shortcode (optional)").fill(`:${name.toLowerCase()}:`);
    await chooseFiles(hers, own.getByRole("button", { name: "Add an image" }), [picture("one.png")]);
    await own.getByRole("img", { name }).waitFor();
  }
  await own.getByRole("button", { name: "Remove the sticker Lunge" }).click();
  await own.getByRole("img", { name: "Lunge" }).waitFor({ state: "detached" });
  assert.deepEqual(await violations(hers), []);
  await hers.keyboard.press("Escape");

  const finding = await packs(his);
  await finding.getByRole("searchbox", { name: "Find packs" }).fill(pack);
  const found = finding.getByRole("list", { name: "Find packs" }).getByRole("listitem", { name: pack });
  await found.getByRole("button", { name: "Add pack" }).press("Enter");
  await finding.getByRole("list", { name: "Added packs" }).getByRole("listitem", { name: pack }).waitFor();
  assert.deepEqual(await violations(his), []);
  await his.keyboard.press("Escape");

  // By keyboard: Escape gives the focus back to the button, from the menu and from the stickers.
  const button = his.getByRole("button", { name: "Add more" });
  const picker = his.getByRole("group", { name: "Choose a sticker" });
  await button.press("Enter");
  await his.keyboard.press("Escape");
  await his.keyboard.press("Enter");
  await his.getByRole("menuitem", { name: "Choose a sticker" }).and(his.locator(":focus")).waitFor();
  await his.keyboard.press("ArrowDown");
  await his.getByRole("menuitem", { name: "Send a GIF" }).and(his.locator(":focus")).waitFor();
  await his.keyboard.press("ArrowUp");
  await his.keyboard.press("Enter");
  await picker.and(his.locator(":focus")).waitFor();
  await his.keyboard.press("Escape");
  await picker.waitFor({ state: "detached" });
  await button.and(his.locator(":focus")).waitFor();
  await add(his, "Choose a sticker");
  await picker.getByRole("button", { name: "Squat" }).waitFor();
  assert.deepEqual(await violations(his), []);
  await picker.getByRole("button", { name: "Squat" }).press("Enter");
  const shown = hers.getByRole("article").getByRole("img", { name: "Squat" });
  await loaded(shown);
  await hers.getByRole("navigation").getByText("Sticker: Squat").waitFor();
  await shown.hover();
  await hers.getByRole("article").getByRole("button", { name: "Reply" }).click();
  await write(hers, "strong");
  await message(his, "strong").getByText("Sticker: Squat").waitFor();

  // What was sent stays when the pack is gone.
  const again = await packs(hers);
  await again.getByRole("button", { name: `Delete the pack ${pack}` }).click();
  await again.getByRole("list", { name: "My packs" }).waitFor({ state: "detached" });
  await hers.keyboard.press("Escape");
  await hers.reload();
  await loaded(shown);
  assert.deepEqual(await violations(hers), []);
});
