// Reports: made by a reader, decided by a moderator of the service, and in effect in every window.

import assert from "node:assert/strict";
import { test } from "node:test";
import { as, asModerator, inWindows, message, named, users, violations } from "../windows.mjs";

inWindows();

test("a reported message is hidden by a moderator and shown again, and its reader sees it at once", async () => {
  const [ann, bob] = await users("ann", "bob");
  const text = named("an insult");
  const chat = await ann.create("GROUP", [bob], "Lunch");
  await bob.send(chat, text);
  const { page: hers } = await as(ann.name);
  await hers.getByRole("navigation").getByRole("link", { name: "Lunch" }).click();
  const rude = message(hers, text);
  await rude.hover();
  await rude.getByRole("button", { name: "Actions on the message" }).click();
  await hers.getByRole("menuitem", { name: "Report" }).click();
  const dialog = hers.getByRole("dialog", { name: "Report" });
  await dialog.getByRole("radio", { name: "Harassment" }).check();
  await dialog.getByLabel("Details (optional)").fill("this is not funny");
  assert.deepEqual(await violations(hers), []);
  await dialog.getByRole("button", { name: "Send report" }).click();
  await dialog.waitFor({ state: "detached" });

  const { page: moderators } = await asModerator(named("mia"));
  await moderators.getByRole("button", { name: "Account" }).click();
  await moderators.getByRole("menuitem", { name: "Reports" }).click();
  const queue = moderators.getByRole("dialog", { name: "Reports" });
  const report = queue.getByRole("listitem").filter({ hasText: text });
  await report.getByText("this is not funny").waitFor();
  assert.deepEqual(await violations(moderators), []);
  await report.getByRole("button", { name: "Hide message" }).click();
  await report.waitFor({ state: "detached" });
  await rude.waitFor({ state: "detached" });
  await queue.getByLabel("Status").selectOption("ACTIONED");
  await report.getByRole("button", { name: "Dismiss" }).click();
  await rude.waitFor();
});
