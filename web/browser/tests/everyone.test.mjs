// For everyone: nothing that axe-core objects to, everything by keyboard, in each language, at each width.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  act, add, as, choose, details, inWindows, message, named, offerEmoji, open, pair, saved, user, violations, write,
} from "../windows.mjs";

inWindows();

/** Middles of an element's edges at which the page shows something else, or nothing. */
function cut(locator) {
  return locator.evaluate((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const points = [[left + 2, y], [right - 2, y], [x, top + 2], [x, bottom - 2]];
    return points.filter(([x, y]) => !element.contains(document.elementFromPoint(x, y)));
  });
}

for (const colorScheme of ["light", "dark"]) {
  test(`axe-core objects to nothing in the ${colorScheme} scheme`, async () => {
    const { ann, bob, hers, his } = await pair({ colorScheme });
    await bob.protect({ showOnlineStatus: "EVERYONE" });
    await hers.getByRole("main").getByRole("button", { name: /Online/ }).waitFor();
    await write(hers, "a message with https://a.example");
    await message(his, "a message").waitFor();
    await act(his, "a message", "Reply");
    await write(his, "an answer");
    await message(hers, "an answer").waitFor();
    const answer = message(his, "an answer");
    await offerEmoji(answer);
    assert.deepEqual(await violations(his), []);
    await answer.getByRole("button", { name: "👍" }).click();
    await message(hers, "an answer").getByRole("button", { name: "👍, 1 reaction" }).waitFor();
    assert.deepEqual(await violations(hers), []);
    await ann.finds("answer");
    const search = hers.getByRole("searchbox");
    await search.fill("answer");
    await hers.getByRole("navigation").locator("mark", { hasText: "answer" }).waitFor();
    assert.deepEqual(await violations(hers), []);
    await search.press("Escape");
    assert.equal(await search.inputValue(), "");
    await details(hers);
    assert.deepEqual(await violations(hers), []);
    for (const name of ["Credits", "Settings"]) {
      await choose(hers, name);
      await hers.getByRole("dialog").waitFor();
      assert.deepEqual(await violations(hers), []);
      await hers.keyboard.press("Escape");
    }
    const { page } = await open("", { colorScheme });
    await page.getByRole("heading", { name: "Who are you?" }).waitFor();
    assert.deepEqual(await violations(page), []);
  });
}

test("one writes, answers, edits and goes elsewhere by keyboard alone", async () => {
  const { ann, hers, his } = await pair();
  const carla = await user(named("carla"));
  const second = await carla.create("DIRECT", [ann]);
  await carla.send(second, "from carla");
  await hers.getByRole("link", { name: carla.name }).waitFor();
  await hers.locator("#composer").focus();
  await hers.keyboard.type("by keyboard");
  await hers.keyboard.press("Enter");
  await message(his, "by keyboard").waitFor();
  await message(hers, "by keyboard").getByRole("img", { name: /Sent|Delivered|Read/ }).waitFor();
  // The last of one's own is edited by the arrow up.
  await hers.keyboard.press("ArrowUp");
  await hers.keyboard.type(" alone");
  await hers.keyboard.press("Enter");
  await message(his, "by keyboard alone").waitFor();
  // From the list by Ctrl+K and arrows.
  await hers.keyboard.press("Control+k");
  await hers.keyboard.type(carla.name);
  await hers.keyboard.press("ArrowDown");
  await hers.keyboard.press("Enter");
  await message(hers, "from carla").waitFor();
  // An action of a message by its menu.
  await message(hers, "from carla").getByRole("button", { name: "Actions on the message" }).focus();
  await hers.keyboard.press("Enter");
  await hers.keyboard.press("Enter");
  await hers.getByText(`Reply to ${carla.name}`).waitFor();
  await hers.keyboard.press("Escape");
  await hers.getByText(`Reply to ${carla.name}`).waitFor({ state: "detached" });
  // A reaction, by arrows; the focus stays.
  const react = message(hers, "from carla").getByRole("button", { name: "React", exact: true });
  await react.focus();
  await hers.keyboard.press("Enter");
  await message(hers, "from carla").getByRole("button", { name: "👍" }).and(hers.locator(":focus")).waitFor();
  await hers.keyboard.press("ArrowRight");
  await hers.keyboard.press("Enter");
  await message(hers, "from carla").getByRole("button", { name: "❤️, 1 reaction", pressed: true }).waitFor();
  await react.and(hers.locator(":focus")).waitFor();
});

test("what a button opens closes on Escape, which closes nothing else, and on a press elsewhere", async () => {
  const { hers } = await pair();
  await write(hers, "hello");
  const panel = await details(hers);
  const at = (state) => hers.getByRole("button", state);
  for (const name of ["Actions on the message", "React", "Insert an emoji", "Add more"]) {
    const button = at({ name, exact: true });
    await button.click();
    await button.and(at({ expanded: true })).waitFor();
    await hers.keyboard.press("Escape");
    await button.and(at({ expanded: false })).and(hers.locator(":focus")).waitFor();
    assert.ok(await panel.isVisible());
    await button.click();
    await button.and(at({ expanded: true })).waitFor();
    await hers.getByRole("heading", { name: "Messages", exact: true }).click();
    await button.and(at({ expanded: false })).waitFor();
  }
});

test("what arrives is announced to screen readers", async () => {
  const { ann, hers, his } = await pair();
  await write(hers, "listen");
  await his.locator("[aria-live=polite]", { hasText: `${ann.name}, listen` }).waitFor({ state: "attached" });
});

test("the language is a setting that is kept", async () => {
  const ann = await user(named("ann"));
  const { page } = await as(ann.name);
  await choose(page, "Settings");
  await page.getByLabel("Language").selectOption("de");
  await page.getByRole("heading", { name: "Einstellungen" }).waitFor();
  await saved(page.getByLabel("Sprache"));
  await page.reload();
  await page.getByRole("heading", { name: "Nachrichten" }).waitFor();
});

test("at 320 pixels nothing is cut off", async () => {
  const viewport = { width: 320, height: 640 };
  const { hers, his } = await pair({ viewport });
  await write(hers, `${"long".repeat(40)} and https://a.example/${"path/".repeat(30)}`);
  await message(his, "longlong").waitFor();
  for (const page of [hers, his]) {
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} pixels are beside the page`);
    const beside = await page.getByRole("log").evaluate((log) => log.scrollWidth - log.clientWidth);
    assert.ok(beside <= 0, `${beside} pixels are beside the history`);
    await offerEmoji(message(page, "longlong"));
    const emojis = page.getByRole("group", { name: "React" });
    await emojis.getByRole("button", { name: "👍" }).and(page.locator(":focus")).waitFor();
    assert.deepEqual(await cut(emojis), []);
    await emojis.getByRole("button", { name: "More emoji" }).click();
    await emojis.getByRole("button", { name: "😀" }).and(page.locator(":focus")).waitFor();
    assert.deepEqual(await cut(emojis), []);
  }
});

test("at 320 pixels the composer and what it opens are whole, and one reads what one writes", async () => {
  const { hers } = await pair({ viewport: { width: 320, height: 640 } });
  const [composer, main] = [hers.locator("#composer"), hers.getByRole("main")];
  for (const text of ["", "0", "0".repeat(8)]) {
    await composer.fill(text);
    const lines = await composer.evaluate((area) => {
      const { lineHeight, paddingTop, paddingBottom } = getComputedStyle(area);
      return (area.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom)) / parseFloat(lineHeight);
    });
    assert.equal(Math.round(lines), 1, `${lines} lines`);
    for (const button of await main.locator("form").getByRole("button").all()) assert.deepEqual(await cut(button), []);
  }
  await hers.getByRole("button", { name: "Add more" }).click();
  assert.deepEqual(await cut(hers.getByRole("menu", { name: "Add more" })), []);
  await hers.keyboard.press("Escape");
  await hers.getByRole("button", { name: "Insert an emoji" }).click();
  assert.deepEqual(await cut(hers.getByRole("group", { name: "Insert an emoji" })), []);
  await hers.keyboard.press("Escape");
  await add(hers, "Choose a sticker");
  assert.deepEqual(await cut(hers.getByRole("group", { name: "Choose a sticker" })), []);
});
