// Scheduled messages: written for later, changed, cancelled, and sent while both look.

import assert from "node:assert/strict";
import { test } from "node:test";
import { add, as, inWindows, message, users, violations } from "../windows.mjs";

inWindows();

/** So many seconds from now, as a field of date and time takes it in the zone of the page. */
function at(page, seconds) {
  return page.evaluate((ahead) => {
    const time = new Date(Date.now() + ahead * 1_000);
    return new Date(time - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  }, seconds);
}

test("what is written for later is changed, cancelled, and sent at its time", async () => {
  const [ann, bob] = await users("ann", "bob");
  await ann.create("DIRECT", [bob]);
  const [{ page: hers }, { page: his }] = [await as(ann.name), await as(bob.name)];
  await hers.getByRole("navigation").getByRole("link", { name: bob.name }).click();
  await his.getByRole("navigation").getByRole("link", { name: ann.name }).click();
  await hers.getByRole("textbox", { name: `Message to ${bob.name}` }).fill("legs tomorrow");
  await add(hers, "Send later");
  const dialog = hers.getByRole("dialog", { name: "Send later" });
  assert.equal(await dialog.getByLabel("Message", { exact: true }).inputValue(), "legs tomorrow");
  await dialog.getByLabel("When").fill(await at(hers, 86_400));
  await dialog.getByRole("button", { name: "Schedule" }).press("Enter");
  const waiting = (text) => dialog.getByRole("listitem", { name: text });
  await waiting("legs tomorrow").waitFor();
  assert.deepEqual(await violations(hers), []);

  await dialog.getByLabel("Message", { exact: true }).fill("never mind");
  await dialog.getByRole("button", { name: "Schedule" }).click();
  await waiting("never mind").waitFor();
  await waiting("never mind").getByRole("button", { name: "Cancel the message" }).click();
  await waiting("never mind").waitFor({ state: "detached" });

  await waiting("legs tomorrow").getByRole("button", { name: "Change" }).click();
  await dialog.getByLabel("Message", { exact: true }).fill("legs today");
  await dialog.getByLabel("When").fill(await at(hers, 3));
  await dialog.getByRole("button", { name: "Save" }).click();
  await waiting("legs today").waitFor();
  await message(his, "legs today").waitFor();
  await dialog.getByText("Nothing is scheduled here.").waitFor();
  await hers.keyboard.press("Escape");
  await message(hers, "legs today").waitFor();
  assert.equal(await hers.getByRole("textbox", { name: `Message to ${bob.name}` }).inputValue(), "");
});
