// Notices of the browser, of which these tests have a stand-in that keeps what it is asked to show.

import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, inWindows, message, pair, violations, write } from "../windows.mjs";

inWindows();

/** A browser whose user answers so when they are asked, and who looks elsewhere once they are said to. */
function standIn(answer) {
  globalThis.notices = [];
  globalThis.Notification = class extends EventTarget {
    static permission = "default";
    static async requestPermission() {
      return (globalThis.Notification.permission = answer);
    }
    constructor(title, { body, tag }) {
      super();
      globalThis.notices.push({ title, body, tag, press: () => this.dispatchEvent(new Event("click")) });
    }
    close() {}
  };
  document.hasFocus = () => globalThis.isElsewhere !== true;
  // Without pushes, which have tests of their own.
  PushManager.prototype.subscribe = async () => {
    throw new DOMException("no push service", "AbortError");
  };
}

const shown = (page) => page.evaluate(() => globalThis.notices.map(({ title, body }) => `${title}: ${body}`));

async function allowing(answer) {
  const all = await pair();
  await all.his.addInitScript(standIn, answer);
  await all.his.reload();
  await all.his.getByRole("log").waitFor();
  await choose(all.his, "Settings");
  const on = all.his.getByLabel("Notify me in this browser");
  await on.click();
  return { ...all, on };
}

test("a message that comes while one looks elsewhere is a notice, which opens it, unless it is muted", async () => {
  const { ann, bob, chat, hers, his, on } = await allowing("granted");
  await on.and(his.locator(":checked")).waitFor();
  assert.deepEqual(await violations(his), []);
  await his.keyboard.press("Escape");
  await write(hers, "looked at");
  await message(his, "looked at").waitFor();
  await his.evaluate(() => (globalThis.isElsewhere = true));
  await write(hers, "are you there?");
  await his.waitForFunction(() => globalThis.notices.length === 1);
  assert.deepEqual(await shown(his), [`${ann.name}: are you there?`]);
  await his.evaluate(() => (location.hash = "#/"));
  await his.evaluate(() => globalThis.notices[0].press());
  await his.waitForURL(new RegExp(`#/c/${encodeURIComponent(chat)}$`));

  await bob.ask("mutation($id: ID!) { muteConversation(conversationId: $id) { id } }", { id: chat });
  await his.getByRole("navigation").getByTitle("Muted").waitFor();
  await write(hers, "and now?");
  await message(his, "and now?").waitFor();
  assert.equal((await shown(his)).length, 1);
});

test("a browser that allows no notices is said to, and shows none", async () => {
  const { hers, his, on } = await allowing("denied");
  await his.getByText("This browser does not allow notifications.").waitFor();
  assert.equal(await on.isChecked(), false);
  await his.keyboard.press("Escape");
  await his.evaluate(() => (globalThis.isElsewhere = true));
  await write(hers, "are you there?");
  await message(his, "are you there?").waitFor();
  assert.deepEqual(await shown(his), []);
});
