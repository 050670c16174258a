// Forwards: a message is copied to conversations that its reader chooses, with whose it is.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  act, as, attach, inWindows, loaded, message, named, pair, picture, user, users, violations, write,
} from "../windows.mjs";

inWindows();

test("a message with a picture is forwarded by keyboard, with a comment, and says whose it is", async () => {
  const { ann, bob, hers, his } = await pair();
  const carla = await user(named("carla"));
  await bob.create("DIRECT", [carla]);
  const theirs = (await as(carla.name)).page;
  await his.getByRole("navigation").getByRole("link", { name: carla.name }).waitFor();
  await attach(hers, [picture("wall.png")]);
  await write(hers, "climb this");
  await message(his, "climb this").waitFor();
  await act(his, "climb this", "Forward");
  const dialog = his.getByRole("dialog", { name: "Forward to" });
  await dialog.getByRole("searchbox").fill("carla");
  await dialog.getByLabel(carla.name).and(dialog.getByRole("checkbox")).waitFor();
  assert.deepEqual(await violations(his), []);
  assert.ok(await dialog.getByRole("button", { name: "Forward", exact: true }).isDisabled());
  await dialog.getByRole("searchbox").focus();
  await his.keyboard.press("Tab");
  await his.keyboard.press("Space");
  await his.keyboard.press("Tab");
  await his.keyboard.type("have a look");
  await his.keyboard.press("Tab");
  await his.keyboard.press("Enter");
  await his.getByText("The message was forwarded.").waitFor();
  await dialog.waitFor({ state: "detached" });

  await theirs.getByRole("navigation").getByRole("link", { name: bob.name }).click();
  const copy = message(theirs, "climb this");
  await copy.getByText("Forwarded").waitFor();
  await copy.getByText(ann.name).waitFor();
  await loaded(copy.getByRole("button", { name: "Open wall.png" }).locator("img"));
  await message(theirs, "have a look").waitFor();
  assert.deepEqual(await violations(theirs), []);
  // To the message itself, for whom may see it.
  await copy.getByRole("button", { name: `Forwarded ${ann.name}` }).click();
  await theirs.getByText("You cannot see the message that this is a copy of.").waitFor();
  await his.getByRole("navigation").getByRole("link", { name: carla.name }).click();
  await message(his, "have a look").waitFor();
  await message(his, "climb this").getByRole("button", { name: `Forwarded ${ann.name}` }).click();
  await his.locator("article.highlighted", { hasText: "climb this" }).waitFor();
  await his.getByRole("main").getByRole("button", { name: ann.name }).first().waitFor();
});

test("a conversation that refuses its copy is named, and the others have theirs", async () => {
  const [ann, bob, carla] = await users("ann", "bob", "carla");
  const title = named("News");
  const closed = await ann.create("GROUP", [bob], title);
  await ann.ask("mutation($id: ID!) { updateConversation(id: $id, announcementsOnly: true) { id } }", { id: closed });
  const chat = await bob.create("DIRECT", [carla]);
  await bob.send(chat, "squat deep");
  const { page } = await as(bob.name);
  // What the page knows of the group is older than that only its owner writes.
  await page.route("**/graphql", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replaceAll('"canPost":false', '"canPost":true') });
  });
  await page.reload();
  await message(page, "squat deep").waitFor();
  await act(page, "squat deep", "Forward");
  const dialog = page.getByRole("dialog");
  for (const name of [title, carla.name]) await dialog.getByLabel(name).check();
  await dialog.getByRole("button", { name: "Forward", exact: true }).click();
  await page.getByText(`Not forwarded to ${title}.`).waitFor();
  await page.getByRole("log").getByText("Forwarded").waitFor();
});
