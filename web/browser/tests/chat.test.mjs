// Two users, each in a window: what one does, the other sees.

import assert from "node:assert/strict";
import { test } from "node:test";
import { act, as, asModerator, direct, inWindows, message, offerEmoji, open, pair, until, violations, write } from "../windows.mjs";

inWindows();

test("a message goes from one window to the other, is read, and its author sees so", async () => {
  const { hers, his } = await pair();
  await his.bringToFront();
  await write(hers, "hello");
  await message(his, "hello").waitFor();
  await message(hers, "hello").getByRole("img", { name: "Read" }).waitFor();
  assert.equal(await message(hers, "hello").count(), 1);
});

test("a reply quotes, an edit is marked, a deletion leaves a stub", async () => {
  const { hers, his } = await pair();
  await write(hers, "first");
  await message(his, "first").waitFor();
  await act(his, "first", "Reply");
  await write(his, "an answer");
  const answer = message(hers, "an answer");
  await answer.getByRole("button", { name: /first/ }).waitFor();

  await act(his, "an answer", "Edit");
  const composer = his.locator("#composer");
  assert.equal(await composer.inputValue(), "an answer");
  await composer.fill("a better answer");
  await composer.press("Enter");
  await message(hers, "a better answer").getByText("(edited)").waitFor();

  await act(his, "a better answer", "Delete");
  await message(hers, "This message was deleted.").waitFor();
  assert.equal(await message(hers, "answer").count(), 0);
});

test("moderators of the service read the texts that a message has had, and nobody else", async () => {
  const { ann, bob, chat } = await direct();
  const id = await ann.send(chat, "one");
  const edit = (content) => ann.ask("mutation($id: ID!, $content: String!) { editMessage(messageId: $id, content: $content) { id } }", { id, content });
  for (const content of ["two", "<b>three</b>"]) await edit(content);
  const { page } = await asModerator(bob.name);
  await act(page, "three", "Earlier texts");
  const texts = page.getByRole("dialog", { name: "Earlier texts" }).getByRole("listitem").locator("p");
  await texts.nth(2).waitFor();
  assert.deepEqual(await texts.allInnerTexts(), ["one", "two", "<b>three</b>"]);
  assert.deepEqual(await violations(page), []);
  await edit("four");
  await texts.nth(3).getByText("four").waitFor();

  const other = (await as(ann.name)).page;
  const article = message(other, "four");
  await article.hover();
  await article.getByRole("button", { name: "Actions on the message" }).click();
  await article.getByRole("menuitem", { name: "Delete", exact: true }).waitFor();
  assert.equal(await article.getByRole("menuitem", { name: "Earlier texts" }).count(), 0);
});

test("a text is shown as it was written, never as HTML", async () => {
  const { hers, his } = await pair();
  const text = '<img src=x onerror="document.title=1"> <b>bold</b> https://a.example/b?c=1.';
  await write(hers, text);
  const shown = message(his, "bold");
  await shown.waitFor();
  assert.equal(await shown.locator(".text").innerText(), text);
  assert.equal(await shown.locator("img[src=x], b").count(), 0);
  assert.equal(await shown.getByRole("link").getAttribute("href"), "https://a.example/b?c=1");
});

test("a draft is kept over a reload and shown in the list", async () => {
  const { ann, hers, bob } = await pair();
  await hers.locator("#composer").fill("not yet sent");
  const query = "{ conversations { nodes { draft } } }";
  await until(async () => (await ann.ask(query)).conversations.nodes[0].draft === "not yet sent");
  await hers.reload();
  await hers.getByRole("log").waitFor();
  await hers.waitForFunction(() => document.querySelector("#composer")?.value === "not yet sent");
  await hers.setViewportSize({ width: 400, height: 800 });
  await hers.getByRole("button", { name: "Back to the conversations" }).click();
  await hers.getByRole("link", { name: bob.name }).getByText("Draft: not yet sent").waitFor();
});

test("unread messages are counted, and a line stands before them", async () => {
  const { ann, bob, chat } = await direct();
  for (const text of ["one", "two", "three"]) await ann.send(chat, text);
  const viewport = { width: 400, height: 800 };
  const { page } = await as(bob.name, { viewport });
  const link = page.getByRole("link", { name: ann.name });
  await link.getByText("3 unread messages").waitFor({ state: "attached" });
  await link.click();
  await page.getByRole("log").getByText("3 new messages").waitFor();
  await page.getByRole("button", { name: "Back to the conversations" }).click();
  await link.getByText("unread").waitFor({ state: "detached" });
});

test("what is written offline is sent when the window is online again", async () => {
  const { hers, his, complaints } = await pair();
  await hers.context().setOffline(true);
  await hers.getByText("You are offline.").waitFor();
  await write(hers, "from afar");
  await message(hers, "from afar").getByRole("img", { name: "Being sent" }).waitFor();
  await hers.context().setOffline(false);
  await message(his, "from afar").waitFor();
  await message(hers, "from afar").getByRole("img", { name: /Sent|Delivered|Read/ }).waitFor();
  // The browser complains of requests without a network.
  assert.ok(complaints.splice(0).every((complaint) => complaint.includes("ERR_INTERNET_DISCONNECTED")));
});

test("older messages come when one scrolls up, and the newest by a button", async () => {
  const { ann, bob, chat } = await direct();
  for (let count = 1; count <= 58; count++) await ann.send(chat, `message ${count}`);
  const { page } = await as(bob.name);
  await page.getByRole("link", { name: ann.name }).click();
  await page.getByRole("log").getByText("message 30", { exact: true }).waitFor();
  await page.getByRole("log").evaluate((log) => (log.scrollTop = 0));
  await page.getByRole("log").getByText("message 1", { exact: true }).waitFor();
  await page.getByRole("log").evaluate((log) => (log.scrollTop = 0));
  const bottom = page.getByRole("button", { name: "Jump to the newest message" });
  await bottom.waitFor();
  await ann.send(chat, "while away");
  await bottom.getByText("1").waitFor();
  await bottom.click();
  await message(page, "while away").waitFor();
  await bottom.waitFor({ state: "detached" });
});

test("a name that is refused is shown at the log-in", async () => {
  const { page, complaints } = await open("#/as/" + encodeURIComponent("no such name!"));
  await page.getByRole("heading", { name: "Who are you?" }).waitFor();
  await page.getByRole("alert").waitFor();
  // The refusal of the name is the only complaint.
  assert.equal(complaints.splice(0).length, 1);
});

test("a reaction is counted in both windows, and its author takes it back", async () => {
  const { hers, his } = await pair();
  await write(hers, "personal best!");
  const read = message(his, "personal best!");
  await offerEmoji(read);
  await read.getByRole("button", { name: "👍" }).click();
  const seen = message(hers, "personal best!").getByRole("button", { name: "👍, 1 reaction" });
  await seen.waitFor();
  await seen.click();
  const both = read.getByRole("button", { name: "👍, 2 reactions", pressed: true });
  await both.click();
  await message(hers, "personal best!").getByRole("button", { name: "👍, 1 reaction", pressed: true }).waitFor();
  await offerEmoji(read);
  await read.getByRole("button", { name: "More emoji" }).click();
  await read.getByRole("button", { name: "🏆" }).click();
  await message(hers, "personal best!").getByRole("button", { name: "🏆, 1 reaction" }).waitFor();
});

test("an emoji is found by its name, by keyboard, for a reaction and for a text", async () => {
  const { hers, his } = await pair();
  await write(hers, "personal best!");
  const read = message(his, "personal best!");
  await offerEmoji(read);
  await read.getByRole("button", { name: "More emoji" }).click();
  await read.getByRole("button", { name: "😀" }).and(his.locator(":focus")).waitFor();
  // Letters go to the search.
  await his.keyboard.type("troph");
  await read.getByText("1 result", { exact: true }).waitFor();
  assert.deepEqual(await violations(his), []);
  await his.keyboard.press("Enter");
  await message(hers, "personal best!").getByRole("button", { name: "🏆, 1 reaction" }).waitFor();
  await his.getByRole("button", { name: "Insert an emoji" }).click();
  const offered = his.getByRole("group", { name: "Insert an emoji" });
  await offered.getByRole("searchbox", { name: "Search emoji" }).fill("medal");
  await offered.getByText("3 results", { exact: true }).waitFor();
  await his.keyboard.press("ArrowDown");
  await his.keyboard.press("ArrowRight");
  await offered.getByRole("button", { name: "🥈" }).and(his.locator(":focus")).waitFor();
  await his.keyboard.press("Enter");
  assert.equal(await his.locator("#composer").inputValue(), "🥈");
});
