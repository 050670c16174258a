// Groups, what a conversation is to its user, and credits.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  act, as, choose, chooseFiles, details, inWindows, loaded, message, named, offerEmoji, pair, picture, plan, saved, user, users, violations,
  write,
} from "../windows.mjs";

inWindows();

async function group() {
  const [ann, bob, carla] = await users("ann", "bob", "carla");
  const chat = await ann.create("GROUP", [bob, carla], "Climbers");
  const [hers, his] = [await as(ann.name), await as(bob.name)];
  for (const { page } of [hers, his]) await page.getByRole("log").waitFor();
  return { ann, bob, carla, chat, hers: hers.page, his: his.page };
}

test("a mention is completed, and marked where it is read", async () => {
  const { bob, hers, his } = await group();
  const composer = hers.locator("#composer");
  await composer.pressSequentially(`hi @${bob.name.slice(0, 5)}`);
  await hers.getByRole("option", { name: bob.name }).waitFor();
  await composer.press("Enter");
  assert.equal(await composer.inputValue(), `hi @${bob.name} `);
  await composer.press("Enter");
  await message(his, "hi").locator(".mention", { hasText: `@${bob.name}` }).waitFor();
});

test("the author of a message sees by how many it was read, and by whom", async () => {
  const { bob, carla, hers, his } = await group();
  await his.bringToFront();
  await write(hers, "who reads this?");
  await message(his, "who reads this?").waitFor();
  await message(hers, "who reads this?").getByText("Read by 1 of 2").waitFor();
  await act(hers, "who reads this?", "Message info");
  const receipts = hers.getByRole("dialog", { name: "Read by 1 of 2" });
  await receipts.getByRole("listitem").filter({ hasText: bob.name }).getByRole("img", { name: "Read", exact: true }).waitFor();
  assert.deepEqual(await violations(hers), []);
  // A phone that comes later and shows the conversations alone: the open list says that it has the message.
  const { page } = await as(carla.name, { viewport: { width: 390, height: 780 } });
  const reached = receipts.getByRole("listitem").filter({ hasText: carla.name });
  await reached.getByRole("img", { name: "Delivered" }).waitFor();
  await page.getByRole("link", { name: /Climbers/ }).click();
  const all = hers.getByRole("dialog", { name: "Read by 2 of 2" });
  await all.getByRole("listitem").filter({ hasText: carla.name }).getByRole("img", { name: "Read", exact: true }).waitFor();
});

test("who has reacted is listed by emoji, and as reactions come and go", async () => {
  const { ann, bob, carla, chat, hers } = await group();
  const id = await ann.send(chat, "personal best!");
  const react = (who, field, emoji) =>
    who.ask(`mutation($id: ID!, $emoji: String!) { ${field}(messageId: $id, emoji: $emoji) { id } }`, { id, emoji });
  await react(bob, "addReaction", "👍");
  await message(hers, "personal best!").getByRole("button", { name: "👍, 1 reaction" }).waitFor();
  await act(hers, "personal best!", "Reactions");
  const who = hers.getByRole("dialog", { name: "Reactions" });
  const people = who.getByRole("listitem");
  await people.filter({ hasText: bob.name }).waitFor();
  await react(carla, "addReaction", "👍");
  await people.filter({ hasText: carla.name }).waitFor();
  await react(carla, "addReaction", "🔥");
  await who.getByRole("button", { name: "🔥, 1 reaction", pressed: false }).focus();
  await hers.keyboard.press("Enter");
  await who.getByRole("list", { name: "Reacted with 🔥" }).getByText(carla.name).waitFor();
  await people.filter({ hasText: bob.name }).waitFor({ state: "detached" });
  assert.deepEqual(await violations(hers), []);
  await react(carla, "removeReaction", "🔥");
  await who.getByRole("list", { name: "Reacted with 👍" }).getByText(bob.name).waitFor();
  for (const one of [bob, carla]) await react(one, "removeReaction", "👍");
  await who.waitFor({ state: "detached" });
});

test("the owner renames the group, gives roles and removes members, and other members see it", async () => {
  const { bob, carla, hers, his } = await group();
  const panel = await details(hers);
  await panel.getByLabel("Name", { exact: true }).fill("Boulderers");
  await panel.getByRole("button", { name: "Save" }).click();
  await his.getByRole("log").getByText("named the group “Boulderers”").waitFor();
  await his.getByRole("main").getByRole("button", { name: /Boulderers/ }).waitFor();

  await panel.getByLabel(`Role of ${bob.name}`).selectOption("MODERATOR");
  await his.getByRole("log").getByText("changed the role").waitFor();
  await panel.getByRole("button", { name: `Remove ${carla.name}` }).click();
  await his.getByRole("log").getByText(`removed ${carla.name}`).waitFor();
});

test("a member of a group is written to from its details, in the conversation that there is", async () => {
  const { ann, bob, chat, hers } = await group();
  const direct = await ann.create("DIRECT", [bob]);
  await ann.send(direct, "a word in private");
  await hers.getByRole("navigation").getByRole("link", { name: /Climbers/ }).click();
  const panel = await details(hers);
  await panel.getByRole("button", { name: `Remove ${bob.name}` }).waitFor();
  assert.ok(await panel.evaluate((one) => one.scrollWidth <= one.clientWidth), "nothing is beside the panel");
  assert.equal(await panel.getByRole("button", { name: `Write to ${ann.name}` }).count(), 0);
  await panel.getByRole("button", { name: `Write to ${bob.name}` }).focus();
  await hers.keyboard.press("Enter");
  await message(hers, "a word in private").waitFor();
  const list = hers.getByRole("navigation");
  await list.getByRole("button", { name: "Groups" }).click();
  await list.getByRole("link", { name: /Climbers/ }).waitFor();
  assert.equal(await list.getByRole("link").count(), 1);
  await ann.send(chat, "and to all");
  await list.getByRole("link", { name: /and to all/ }).waitFor();
});

test("the owner gives the group a picture, which its members see; what is no picture is refused", async () => {
  const { hers, his } = await group();
  const panel = await details(hers);
  const button = panel.getByRole("button", { name: "Change the picture" });
  await chooseFiles(hers, button, [picture("crest.png")]);
  for (const page of [hers, his]) {
    await loaded(page.getByRole("navigation").getByRole("link", { name: /Climbers/ }).locator("img"));
    await loaded(page.getByRole("main").getByRole("button", { name: /Climbers/ }).locator("img"));
  }
  await button.and(hers.locator(":enabled")).waitFor();
  assert.deepEqual(await violations(hers), []);
  await chooseFiles(hers, button, [{ ...plan("crest.png"), mimeType: "image/png" }]);
  await hers.getByText("The file is not what its name says.").waitFor();
  assert.equal(await (await details(his)).getByRole("button", { name: "Change the picture" }).count(), 0);
});

test("a conversation is starred, muted, labelled and archived, and found by its filter", async () => {
  const { bob, hers } = await pair();
  const panel = await details(hers);
  await panel.getByRole("button", { name: "Star", exact: true }).click();
  await panel.getByRole("button", { name: "Remove the star" }).waitFor();
  const mute = panel.getByLabel("Mute");
  await mute.selectOption({ label: "Until I unmute it" });
  await saved(mute);
  const row = hers.getByRole("navigation").getByRole("link", { name: bob.name });
  await row.getByTitle("Muted").waitFor();
  await mute.selectOption({ label: "For 8 hours" });
  await saved(mute);
  await panel.getByRole("button", { name: "Close" }).click();
  const until = (await details(hers)).getByLabel("Mute").locator("option:checked");
  assert.match(await until.innerText(), /^Until \w+ \d/);
  await mute.selectOption({ label: "Not muted" });
  await row.getByTitle("Muted").waitFor({ state: "detached" });
  await panel.getByLabel("Add a label").fill("gym");
  await panel.getByLabel("Add a label").press("Enter");
  await panel.getByRole("button", { name: "Remove the label gym" }).waitFor();
  const filters = hers.getByRole("navigation");
  await filters.getByRole("button", { name: "gym" }).click();
  await filters.getByRole("link", { name: bob.name }).waitFor();
  await filters.getByRole("button", { name: "Starred" }).click();
  await filters.getByRole("link", { name: bob.name }).waitFor();
  await panel.getByRole("button", { name: "Archive", exact: true }).click();
  await filters.getByRole("link", { name: bob.name }).waitFor({ state: "detached" });
  await filters.getByRole("button", { name: "Archived" }).click();
  await filters.getByRole("link", { name: bob.name }).waitFor();
});

test("a conversation is starred, marked and archived from the list, by keyboard", async () => {
  const [ann, bob, carla] = await users("ann", "bob", "carla");
  for (const one of [bob, carla]) await one.send(await one.create("DIRECT", [ann]), `hello from ${one.name}`);
  const { page } = await as(ann.name);
  const list = page.getByRole("navigation");
  const row = list.getByRole("listitem").filter({ has: page.getByRole("link", { name: carla.name }) });
  await row.getByRole("link").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await row.getByRole("menuitem", { name: "Star", exact: true }).and(page.locator(":focus")).waitFor();
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press("Enter");
  await row.getByTitle("Starred").waitFor();
  // Arrows stay in a menu that is open, and go on beside one that is not.
  await row.getByRole("button", { name: "Actions on the conversation" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  await row.getByRole("menuitem", { name: "Mark as unread" }).and(page.locator(":focus")).waitFor();
  await page.keyboard.press("Enter");
  await row.getByRole("link").getByText("Mark as unread").waitFor({ state: "attached" });
  await page.getByText("Choose a conversation, or start a new one.").waitFor();
  await row.getByRole("button", { name: "Actions on the conversation" }).focus();
  await page.keyboard.press("ArrowDown");
  await list.getByRole("link", { name: bob.name }).and(page.locator(":focus")).waitFor();
  await row.hover();
  await row.getByRole("button", { name: "Actions on the conversation" }).click();
  await row.getByRole("menuitem", { name: "Archive" }).click();
  await row.waitFor({ state: "detached" });
});

test("the archive comes page by page", async () => {
  const [ann, bob, carla] = await users("ann", "bob", "carla");
  const archive = "mutation($id: ID!) { archiveConversation(conversationId: $id, archived: true) { id } }";
  // A user may create 20 a day.
  for (let count = 1; count <= 31; count++) {
    const id = await (count > 16 ? bob : carla).create("GROUP", [ann], `Group ${count}`);
    await ann.ask(archive, { id });
  }
  const { page } = await as(ann.name);
  let pages = 0;
  page.on("request", (request) => (pages += request.postData()?.includes('"archived":true') ? 1 : 0));
  const list = page.getByRole("navigation");
  await list.getByRole("button", { name: "Archived" }).click();
  await list.getByRole("link").nth(29).waitFor();
  await list.getByRole("button", { name: "Show more" }).click();
  await list.getByRole("button", { name: "Show more" }).waitFor({ state: "detached" });
  assert.equal(await list.getByRole("link").count(), 31);
  assert.equal(pages, 2);
});

test("a filter finds what is far down in the list, and offers each label", async () => {
  const [ann, bob, carla] = await users("ann", "bob", "carla");
  const oldest = await bob.create("GROUP", [ann], "The oldest");
  await ann.ask("mutation($id: ID!) { starConversation(conversationId: $id, starred: true) { id } }", { id: oldest });
  await ann.ask('mutation($id: ID!) { setConversationLabels(conversationId: $id, labels: ["gym"]) { id } }', { id: oldest });
  for (let count = 1; count <= 31; count++) await (count > 15 ? bob : carla).create("GROUP", [ann], `Group ${count}`);
  const { page } = await as(ann.name);
  const list = page.getByRole("navigation");
  await list.getByRole("link").nth(29).waitFor();
  // What was told of the oldest while the page opened is not told again.
  await page.reload();
  await list.getByRole("link").nth(29).waitFor();
  const found = list.getByRole("link", { name: /The oldest/ });
  assert.equal(await found.count(), 0);
  await list.getByRole("button", { name: "gym" }).click();
  await found.waitFor();
  await page.reload();
  await list.getByRole("link").nth(29).waitFor();
  await list.getByRole("button", { name: "Starred" }).click();
  await found.waitFor();
  assert.equal(await list.getByRole("link").count(), 1);
  // What changes no label asks for none.
  let asked = 0;
  page.on("request", (request) => (asked += request.postData()?.includes("conversationLabels") ? 1 : 0));
  await ann.send(oldest, "still here");
  await found.getByText("still here").waitFor();
  assert.equal(asked, 0);
});

test("who is blocked cannot be written to, until they are no more", async () => {
  const { bob, hers } = await pair();
  const panel = await details(hers);
  await panel.getByRole("button", { name: `Block ${bob.name}` }).click();
  await hers.getByText("You cannot write here.").waitFor();
  await panel.getByRole("button", { name: `Unblock ${bob.name}` }).click();
  await hers.locator("#composer").waitFor();
});

test("blocked people are listed page by page, and unblocked there", async () => {
  const { ann, bob, hers } = await pair();
  const others = await users(...Array.from({ length: 30 }, () => "other"));
  for (const { id } of [...others, bob]) await ann.ask("mutation($id: ID!) { blockUser(userId: $id) }", { id });
  await hers.reload();
  await hers.getByText("You cannot write here.").waitFor();
  await choose(hers, "Settings");
  const blocked = hers.getByRole("region", { name: "Blocked people" });
  await blocked.getByRole("listitem").nth(29).waitFor();
  await blocked.getByRole("button", { name: "Show more" }).click();
  await blocked.getByRole("listitem").nth(30).waitFor();
  assert.deepEqual(await violations(hers), []);
  await blocked.getByRole("button", { name: `Unblock ${bob.name}` }).click();
  await blocked.getByRole("button", { name: `Unblock ${bob.name}` }).waitFor({ state: "detached" });
  await hers.keyboard.press("Escape");
  await hers.locator("#composer").waitFor();
});

test("a group is made in the app, and its first message costs credits", async () => {
  const { bob, hers } = await pair();
  const carla = await user(named("carla"));
  await carla.finds(carla.name);
  await hers.getByRole("button", { name: "New conversation" }).click();
  const dialog = hers.getByRole("dialog");
  await dialog.getByLabel(bob.name).check();
  await dialog.getByRole("searchbox").fill(carla.name);
  await dialog.getByLabel(carla.name).check();
  await dialog.getByLabel("Name of the group").fill("Three");
  await dialog.getByRole("button", { name: "Start" }).click();
  await hers.getByRole("main").getByRole("button", { name: /Three/ }).waitFor();
  await write(hers, "welcome");
  await message(hers, "welcome").getByRole("img", { name: "Sent" }).waitFor();
  await choose(hers, "Credits");
  await hers.getByRole("dialog").getByText("99.8 credits").waitFor();
  await hers.getByRole("dialog").getByText("Message sent").waitFor();
});

test("what is left of a limit is shown, and when it may be tried again", async () => {
  const { ann, chat, hers } = await pair();
  const id = await ann.send(chat, "personal best!");
  const react = "mutation($id: ID!, $emoji: String!) { addReaction(messageId: $id, emoji: $emoji) { id } }";
  const back = "mutation($id: ID!, $emoji: String!) { removeReaction(messageId: $id, emoji: $emoji) { id } }";
  for (let count = 1; count <= 30; count++) for (const query of [react, back]) await ann.ask(query, { id, emoji: "🔥" });
  await choose(hers, "Settings");
  const limits = hers.getByRole("region", { name: "Limits" });
  await limits.getByRole("listitem").filter({ hasText: "Reactions" }).getByText(/^0 of 30 left in 1 minute/).waitFor();
  await limits.getByRole("meter", { name: "Messages" }).waitFor();
  assert.deepEqual(await violations(hers), []);
  await hers.keyboard.press("Escape");
  await offerEmoji(message(hers, "personal best!"));
  await message(hers, "personal best!").getByRole("button", { name: "👍" }).click();
  await hers.getByText(/^Too fast\. It works again in (1 minute|\d+ seconds?)\./).waitFor();
});

test("privacy is a setting of the account, on every device", async () => {
  const ann = await user(named("ann"));
  const { page } = await as(ann.name);
  await choose(page, "Settings");
  const [who, offline] = [page.getByLabel("Who may write to me"), page.getByLabel("Appear offline")];
  await who.selectOption("FOLLOWERS");
  await offline.click();
  await offline.and(page.locator(":checked")).waitFor();
  await saved(who);
  await saved(offline);
  const { privacySettings } = await ann.ask("{ privacySettings { whoCanMessageMe appearOffline } }");
  assert.deepEqual(privacySettings, { whoCanMessageMe: "FOLLOWERS", appearOffline: true });
});

/** Holds the mutations of these names; the function that it returns refuses them. */
async function refusing(page, names) {
  let refuse;
  const held = new Promise((resolve) => (refuse = resolve));
  await page.route("**/graphql", async (route) => {
    if (!names.some((name) => route.request().postData()?.includes(name))) return route.continue();
    await held;
    await route.fulfill({ json: { errors: [{ message: "refused", extensions: { code: "FORBIDDEN" } }] } });
  });
  return refuse;
}

test("a setting is busy until it is answered, and taken back when it is refused", async () => {
  const { page } = await as(named("ann"));
  const refuse = await refusing(page, ["updatePrivacySettings"]);
  await choose(page, "Settings");
  const offline = page.getByLabel("Appear offline");
  await offline.click();
  await offline.and(page.locator("[aria-busy=true]:checked")).waitFor();
  refuse();
  await offline.and(page.locator("[aria-busy=false]:not(:checked)")).waitFor();
});

test("a choice in the details is busy until it is answered, and taken back when it is refused", async () => {
  const { bob, hers } = await group();
  const panel = await details(hers);
  const [level, role] = [panel.getByLabel("Notify me of"), panel.getByLabel(`Role of ${bob.name}`)];
  const announcements = panel.getByLabel("Only owner and moderators write");
  const shown = async () => [await level.inputValue(), await role.inputValue(), await announcements.isChecked()];
  await role.waitFor();
  assert.deepEqual(await shown(), ["ALL", "MEMBER", false]);
  const refuse = await refusing(hers, ["setNotificationLevel", "setParticipantRole", "updateConversation"]);
  await level.selectOption("NONE");
  await role.selectOption("MODERATOR");
  await announcements.click();
  for (const control of [level, role, announcements]) await control.and(hers.locator("[aria-busy=true]")).waitFor();
  assert.deepEqual(await shown(), ["NONE", "MODERATOR", true]);
  refuse();
  for (const control of [level, role, announcements]) await saved(control);
  assert.deepEqual(await shown(), ["ALL", "MEMBER", false]);
});
