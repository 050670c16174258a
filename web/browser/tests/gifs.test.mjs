// GIFs: found, sent by keyboard, shown to the other with the mark of who has them, and quoted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { act, inWindows, loaded, pair, violations } from "../windows.mjs";

inWindows();

test("a GIF is found, sent without a text, and shown to both with its provider's mark", async () => {
  const { hers, his } = await pair({ colorScheme: "dark" });
  await hers.getByRole("button", { name: "Add more" }).click();
  await hers.getByRole("menuitem", { name: "Send a GIF" }).click();
  const picker = hers.getByRole("group", { name: "Send a GIF" });
  const found = picker.getByRole("list", { name: "GIFs found" });
  await picker.getByRole("searchbox").fill("no such thing");
  await found.getByText("No GIFs found.").waitFor();
  await picker.getByRole("searchbox").fill("yes");
  await found.getByRole("button").nth(1).waitFor();
  await loaded(found.locator("img").first());
  await picker.getByText("Powered by MuscleMap").waitFor();
  assert.deepEqual(await violations(hers), []);
  await found.getByRole("button", { name: "High five" }).press("Enter");
  await picker.waitFor({ state: "detached" });
  for (const page of [hers, his]) {
    const shown = page.getByRole("log").getByRole("img", { name: "High five" });
    await loaded(shown);
    await page.getByRole("log").getByText("Powered by MuscleMap").waitFor();
  }
  await his.getByRole("navigation").getByText("GIF", { exact: true }).waitFor();
  assert.deepEqual(await violations(his), []);
  await act(his, "Powered by MuscleMap", "Reply");
  await his.locator("#composer").fill("Yes!");
  await his.locator("#composer").press("Enter");
  await hers.getByRole("log").getByRole("article").filter({ hasText: "Yes!" }).getByRole("button", { name: "GIF" }).waitFor();
  await hers.reload();
  await loaded(hers.getByRole("log").getByRole("img", { name: "High five" }));
});
