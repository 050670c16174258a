// Pushes: where a browser is pushed to, and what its worker shows. The push service is a stand-in: the browser
// subscribes at none, and the debugger delivers what one would.

import assert from "node:assert/strict";
import { test } from "node:test";
import { as, choose, direct, inWindows, message, pair, violations, whole } from "../windows.mjs";

inWindows();

/** The point and the secret of RFC 8291, appendix A. */
const KEYS = {
  p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
  auth: "BTBZMqHH6r4Tts7J_aSIgg",
};

/** A browser that subscribes at a push service that nobody calls. */
function subscribing(keys) {
  let subscription = null;
  const options = {};
  PushManager.prototype.getSubscription = async () => subscription;
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    const text = applicationServerKey.replaceAll("-", "+").replaceAll("_", "/");
    options.applicationServerKey = Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
    const endpoint = `https://push.example.com/${crypto.randomUUID()}`;
    globalThis.subscribed = { endpoint, userVisibleOnly, bytes: options.applicationServerKey.byteLength };
    const unsubscribe = async () => ((subscription = null), (globalThis.unsubscribed = true));
    return (subscription = { endpoint, options, unsubscribe, toJSON: () => ({ endpoint, keys }) });
  };
}

/** The first answer of the API to an operation. */
async function answerTo(page, operation) {
  const isAnswer = (response) => (response.request().postData() ?? "").includes(operation);
  return (await page.waitForResponse(isAnswer)).json();
}

async function allowing() {
  const all = await pair();
  const { his } = all;
  await his.context().grantPermissions(["notifications"]);
  await his.addInitScript(subscribing, KEYS);
  await his.reload();
  await his.getByRole("log").waitFor();
  await choose(his, "Settings");
  return { ...all, on: his.getByLabel("Notify me in this browser") };
}

test("a browser is registered under the key of the server, and removed again", async () => {
  const { his, on } = await allowing();
  const registered = answerTo(his, "registerPushSubscription");
  await on.check();
  assert.deepEqual((await registered).data, { registerPushSubscription: true });
  assert.deepEqual(await his.evaluate(() => [globalThis.subscribed.userVisibleOnly, globalThis.subscribed.bytes]), [true, 65]);
  const removed = answerTo(his, "removePushSubscription");
  await on.uncheck();
  assert.deepEqual((await removed).data, { removePushSubscription: true });
  await his.waitForFunction(() => globalThis.unsubscribed);
});

test("a push is a notification of its conversation, unless a page is in front; reading closes it", async () => {
  const { ann, bob, chat } = await direct();
  const { page } = await as(bob.name, { context: await whole() });
  const context = page.context();
  await context.grantPermissions(["notifications"]);
  const debug = await context.newCDPSession(page);
  const registration = new Promise((found) => {
    debug.on("ServiceWorker.workerRegistrationUpdated", ({ registrations: [first] }) => first && found(first));
  });
  await debug.send("ServiceWorker.enable");
  await page.addInitScript(subscribing, KEYS);
  await page.evaluate(() => localStorage.setItem("musclemap.notices", "on"));
  await page.reload();
  await page.waitForFunction(() => globalThis.subscribed, undefined, { polling: 100 });
  await page.evaluate(async () => (await navigator.serviceWorker.ready).active);
  const { registrationId, scopeURL } = await registration;
  const deliver = (body) => {
    const push = { conversationId: chat, messageId: "1", title: ann.name, body, tag: chat, silent: false, count: 3 };
    const data = JSON.stringify(push);
    return debug.send("ServiceWorker.deliverPushMessage", { origin: new URL(scopeURL).origin, registrationId, data });
  };
  const shown = () =>
    page.evaluate(async () => {
      const all = await (await navigator.serviceWorker.ready).getNotifications();
      return all.map(({ title, body, tag, data }) => ({ title, body, tag, data }));
    });
  // The debugger says that each page has the focus, as long as it is not told to leave that.
  await debug.send("Emulation.setFocusEmulationEnabled", { enabled: false });
  await (await context.newPage()).bringToFront();
  // Until the browser has noticed, the page counts as looked at.
  while ((await shown()).length === 0) await deliver("3 new messages");
  assert.deepEqual(await shown(), [{ title: ann.name, body: "3 new messages", tag: chat, data: chat }]);
  await page.bringToFront();
  await debug.send("Emulation.setFocusEmulationEnabled", { enabled: true });
  await ann.send(chat, "here");
  await page.getByRole("navigation").getByRole("link", { name: ann.name }).click();
  await message(page, "here").waitFor();
  while ((await shown()).length > 0);
});

test("notifications are set up with quiet hours, by keyboard too", async () => {
  const { bob, his } = await allowing();
  const settings = "{ notificationPreferences { messagingPreview quietHoursStart quietHoursEnd timeZone } }";
  const until = async (expected) => {
    for (let found; JSON.stringify(found) !== JSON.stringify(expected); ) {
      found = Object.values((await bob.ask(settings)).notificationPreferences).slice(0, 3);
    }
  };
  await his.getByLabel("Show what a message says").uncheck();
  await until([false, null, null]);
  await his.getByLabel("Quiet hours").focus();
  await his.keyboard.press("Space");
  await until([false, "22:00", "07:00"]);
  assert.deepEqual(await violations(his), []);
  await his.getByLabel("From").fill("21:30");
  await until([false, "21:30", "07:00"]);
  await his.getByLabel("Until").fill("21:30");
  assert.equal(await his.getByLabel("Until").inputValue(), "07:00", "it would never be quiet");
  await his.getByLabel("Quiet hours").uncheck();
  await until([false, null, null]);
});
