// Templates: made and changed in their dialog, on all windows of their user, and completed where one writes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { as, choose, inWindows, message, users, violations } from "../windows.mjs";

inWindows();

/** The composer of the open conversation. */
const composer = (page) => page.getByRole("textbox", { name: /^Message to / });
const offers = (page) => page.getByRole("listbox", { name: "Templates" }).getByRole("option");

/** Fills in the dialog and saves. */
async function save(dialog, { name, content, shortcut = "", category = "" }) {
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  await dialog.getByLabel("Text", { exact: true }).fill(content);
  await dialog.getByLabel("Shortcut", { exact: true }).fill(shortcut);
  await dialog.getByLabel("Category", { exact: true }).fill(category);
  await dialog.getByRole("button", { name: "Save the template" }).click();
}

test("templates are made, changed and deleted, and complete a message by keyboard with its variables filled", async () => {
  const [ann, bob] = await users("ann", "bob");
  await ann.create("DIRECT", [bob]);
  const { page } = await as(ann.name, { colorScheme: "dark" });
  const { page: other } = await as(ann.name);
  const { page: his } = await as(bob.name);
  await page.getByRole("navigation").getByRole("link", { name: bob.name }).click();
  await other.getByRole("navigation").getByRole("link", { name: bob.name }).click();
  await his.getByRole("navigation").getByRole("link", { name: ann.name }).click();

  await choose(page, "Templates");
  const dialog = page.getByRole("dialog", { name: "Templates" });
  await dialog.getByText("No templates yet.").waitFor();
  await dialog.getByRole("button", { name: "New template" }).click();
  assert.deepEqual(await violations(page), []);
  await save(dialog, { name: "Warm-up", content: "Warm up well, {name}! See you on {date}. {more}", shortcut: "/Warmup", category: "Gym" });
  await dialog.getByText("/warmup", { exact: true }).waitFor();
  await dialog.getByRole("button", { name: "New template" }).click();
  await save(dialog, { name: "Water", content: "Drink, {name}", shortcut: "/WARMUP" });
  await dialog.getByRole("alert").getByText("Another template has this shortcut.").waitFor();
  await save(dialog, { name: "Water", content: "Drink, {name}", shortcut: "/water" });
  const list = dialog.getByRole("list", { name: "Templates" }).getByRole("listitem");
  await list.nth(1).waitFor();
  assert.deepEqual(await violations(page), []);
  await dialog.getByLabel("Category").selectOption("Gym");
  assert.equal(await list.count(), 1);
  await dialog.getByLabel("Category").selectOption("");
  await dialog.getByRole("button", { name: "Edit Water" }).click();
  await save(dialog, { name: "Water", content: "Drink a glass, {name}", shortcut: "/water" });
  await dialog.getByText("Drink a glass, {name}").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });

  // The other window offers both; arrows choose, Escape closes, Enter fills.
  await composer(other).pressSequentially("/w");
  await offers(other).nth(1).waitFor();
  assert.deepEqual(await offers(other).allInnerTexts().then((all) => all.map((text) => text.split(" ")[0])), ["/warmup", "/water"]);
  assert.deepEqual(await violations(other), []);
  await composer(other).press("Escape");
  assert.equal(await offers(other).count(), 0);
  await composer(other).pressSequentially("a");
  await offers(other).nth(1).waitFor();
  await composer(other).press("ArrowDown");
  await other.getByRole("option", { name: "/water", selected: true }).waitFor();
  await composer(other).press("ArrowUp");
  await composer(other).press("Enter");
  const date = await other.evaluate(() => new Intl.DateTimeFormat("en", { dateStyle: "long" }).format(new Date()));
  const text = `Warm up well, ${bob.name}! See you on ${date}. {more}`;
  assert.equal(await composer(other).inputValue(), text);
  await composer(other).press("Enter");
  await message(his, text).waitFor();
  // A slash within a text offers nothing.
  await composer(other).pressSequentially("and/w");
  assert.equal(await offers(other).count(), 0);

  await choose(page, "Templates");
  await page.getByText("Gym · Used once").waitFor();
  await page.getByRole("button", { name: "Delete Water" }).click();
  await page.getByText("Drink a glass, {name}").waitFor({ state: "detached" });
  await composer(other).fill("");
  await composer(other).pressSequentially("/w");
  await offers(other).getByText("/warmup").waitFor();
  await offers(other).getByText("/water").waitFor({ state: "detached" });
});
