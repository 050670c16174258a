// Smart replies: suggested under the newest message of the other, sent by a click or by keyboard, gone while one writes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inWindows, message, pair, violations, write } from "../windows.mjs";

inWindows();

const suggested = (page) => page.getByRole("list", { name: "Suggested replies" });
const chips = (page) => suggested(page).getByRole("button");
const composer = (page) => page.locator("#composer");

test("answers to what the other wrote are sent by a click and by keyboard, and are not in the way", async () => {
  const { hers, his } = await pair({ colorScheme: "dark" });
  await write(his, "New PR on bench: 100 kg!");
  await suggested(hers).waitFor();
  assert.deepEqual(await chips(hers).allInnerTexts(), ["Congrats on the PR! 🎉", "Incredible!", "How did it feel?"]);
  assert.deepEqual(await violations(hers), []);
  assert.equal(await suggested(his).count(), 0, "not to one's own message");

  // They give way to what is being written, and come back.
  await composer(hers).fill("w");
  await suggested(hers).waitFor({ state: "detached" });
  await composer(hers).fill("");
  await suggested(hers).waitFor();
  await chips(hers).nth(1).click();
  await message(his, "Incredible!").waitFor();
  await suggested(hers).waitFor({ state: "detached" });
  assert.equal(await composer(hers).evaluate((area) => area === document.activeElement), true);

  // By keyboard: the suggestions stand before the composer.
  await write(his, "Thanks a lot!");
  await chips(hers).nth(2).waitFor();
  await chips(hers).first().focus();
  await hers.keyboard.press("Tab");
  await hers.keyboard.press("Enter");
  await message(his, "Anytime!").waitFor();
  await suggested(hers).waitFor({ state: "detached" });

  // Nothing suggests itself.
  const asked = hers.waitForResponse((response) => response.request().postData()?.includes("smartReplies") ?? false);
  await write(his, "The meeting moved to room 4.");
  await (await asked).finished();
  await message(hers, "The meeting moved to room 4.").waitFor();
  assert.equal(await suggested(hers).count(), 0);
});
