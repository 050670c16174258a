// Windows of a browser, each with a user of its own, at the system that MM_WEB names.
//
// Invariant: a window that logs an error, breaks the policy for its content, or fails to load something of its
// own origin makes its test fail.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, afterEach, before } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import { chromium } from "playwright-core";

const BASE = process.env.MM_WEB ?? "";
if (!BASE) throw new Error("MM_WEB is not set: these tests need a system that runs");
export const PATIENCE_MS = 30_000;
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const WIDE = { viewport: { width: 1280, height: 800 }, locale: "en-GB" };
/** One that beeps once a second, and may be used without a question. */
const MICROPHONE = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
const JSON_TYPE = { "content-type": "application/json" };

let browser;
const opened = [];

function options() {
  const executablePath = process.env.MM_CHROMIUM;
  if (!executablePath) throw new Error("MM_CHROMIUM is not set: web/browser/chromium says where one is");
  return { executablePath, headless: true, args: ["--no-sandbox", "--disable-dev-shm-usage", ...MICROPHONE] };
}

export async function launch() {
  browser = await chromium.launch(options());
}

export async function close() {
  await browser?.close();
}

/** A name that no other test has. */
export function named(name) {
  return `${name}-${randomUUID().slice(0, 6)}`;
}

/** A context that is a browser of its own, with what contexts of a common one lack: pushes. */
export function whole() {
  return chromium.launchPersistentContext("", { ...options(), ...WIDE });
}

/** A window at a place of the app. */
export async function open(place, { context: given, ...options } = {}) {
  const context = given ?? (await browser.newContext({ ...WIDE, ...options }));
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  const close = async () => {
    // A route that is answered while its window goes is no failure.
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
  };
  const window = { page, complaints, close };
  opened.push(window);
  await page.goto(`${BASE}/${place}`);
  return window;
}

/** A window of a user, who sees their conversations. */
export async function as(name, options) {
  const window = await open(`#/as/${name}`, options);
  await window.page.getByRole("heading", { name: "Messages", exact: true }).waitFor();
  return window;
}

/** A window of a user whose token says that they moderate the service. */
export async function asModerator(name) {
  const { token } = await login(name, ["moderator"]);
  const window = await open("");
  await window.page.evaluate((who) => sessionStorage.setItem("musclemap.who", who), JSON.stringify({ token }));
  await window.page.reload();
  await window.page.getByRole("heading", { name: "Messages", exact: true }).waitFor();
  return window;
}

/** Ends the windows of a test; none may have complained. */
async function closeAll() {
  const windows = opened.splice(0);
  await Promise.all(windows.map((window) => window.close()));
  assert.deepEqual(windows.flatMap((window) => window.complaints), []);
}

/** The tests of a file have a browser, and each its windows. */
export function inWindows() {
  before(launch);
  after(close);
  afterEach(closeAll);
}

async function said(answer) {
  const { data, errors } = await answer.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

async function login(username, roles = []) {
  const body = JSON.stringify({ username, roles });
  return (await fetch(`${BASE}/dev/login`, { method: "POST", headers: JSON_TYPE, body })).json();
}

/** Looks until it holds, less and less often: searches are counted. */
export async function until(look) {
  for (let pause = 50; !(await look()); pause *= 2) await new Promise((resolve) => setTimeout(resolve, pause));
}

/** What axe-core objects to, now. It is given to the page by the debugger, which no policy binds. */
export async function violations(page) {
  await page.evaluate(await readFile(AXE, "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

/** The platform says what a user is from now on, by the admin API that MM_OPERATORS names. */
export async function publish({ id, name }, displayName) {
  const { token } = await login("ada", ["admin"]);
  const headers = { ...JSON_TYPE, authorization: `Bearer ${token}` };
  const body = JSON.stringify({ username: name, displayName });
  const answer = await fetch(`${process.env.MM_OPERATORS}/users/${id}`, { method: "PUT", headers, body });
  assert.equal(answer.status, 204);
}

/** A user of the API, beside the windows. */
export async function user(name) {
  const { userId, token } = await login(name);
  const ask = async (query, variables = {}) => {
    const headers = { ...JSON_TYPE, authorization: `Bearer ${token}` };
    return said(await fetch(`${BASE}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }) }));
  };
  const create = async (kind, others, title = null) => {
    const input = { kind, participantIds: others.map((other) => other.id), title, clientConversationId: randomUUID() };
    const query = "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id } }";
    return (await ask(query, { input })).createConversation.id;
  };
  const send = async (conversationId, content, replyToId = null) => {
    const input = { conversationId, content, replyToId, clientMessageId: randomUUID() };
    const query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }";
    return (await ask(query, { input })).sendMessage.id;
  };
  const protect = (settings) => {
    const query = "mutation($input: PrivacySettingsInput!) { updatePrivacySettings(input: $input) { appearOffline } }";
    return ask(query, { input: settings });
  };
  /** Waits until the index has messages with this text, or users of this name. */
  const finds = (text) => {
    const query = "query($text: String!) { searchMessages(query: $text) { totalCount } searchUsers(query: $text) { id } }";
    return until(async () => {
      const { searchMessages, searchUsers } = await ask(query, { text });
      return searchMessages.totalCount > 0 || searchUsers.length > 0;
    });
  };
  return { id: userId, name, ask, create, send, protect, finds };
}

/** Users whose names begin like these. */
export function users(...names) {
  return Promise.all(names.map((name) => user(named(name))));
}

/** Two users, and the conversation that they have. */
export async function direct() {
  const [ann, bob] = await users("ann", "bob");
  return { ann, bob, chat: await ann.create("DIRECT", [bob]) };
}

/** Two windows, whose users look at the conversation that they have. */
export async function pair(options) {
  const { ann, bob, chat } = await direct();
  const [hers, his] = [await as(ann.name, options), await as(bob.name, options)];
  for (const [{ page }, other] of [[hers, bob], [his, ann]]) {
    await page.getByRole("navigation").getByRole("link", { name: other.name }).click();
    await page.getByRole("log").waitFor();
  }
  return { ann, bob, chat, hers: hers.page, his: his.page, complaints: hers.complaints };
}

/** The message with this text, as an article. */
export function message(page, text) {
  return page.getByRole("log").getByRole("article").filter({ hasText: text });
}

export async function write(page, text) {
  const composer = page.locator("#composer");
  await composer.fill(text);
  await composer.press("Enter");
}

/** Opens what stands behind the button of the composer. */
export async function add(page, what) {
  await page.getByRole("button", { name: "Add more" }).click();
  await page.getByRole("menuitem", { name: what, exact: true }).click();
}

/** Chooses an action of a message. */
export async function act(page, text, action) {
  const article = message(page, text).last();
  await article.hover();
  await article.getByRole("button", { name: "Actions on the message" }).click();
  await article.getByRole("menuitem", { name: action, exact: true }).click();
}

/** Shows the emoji that a message may get as a reaction. */
export async function offerEmoji(article) {
  await article.hover();
  await article.getByRole("button", { name: "React", exact: true }).click();
}

/** Chooses an entry of the account's menu. */
export async function choose(page, name) {
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name }).click();
}

/** Opens the details of the conversation, and gives their panel. */
export async function details(page) {
  await page.getByRole("main").getByRole("button", { name: "Details", exact: true }).click();
  const panel = page.getByRole("complementary");
  await panel.waitFor();
  return panel;
}

/** Waits until the server has confirmed a setting. */
export async function saved(control) {
  await control.and(control.page().locator("[aria-busy=false]")).waitFor();
}

/** A file with a picture: the left half of one colour, the right half of another. */
export function picture(name, left = [200, 40, 40], right = [40, 40, 200], { width, height } = { width: 64, height: 48 }) {
  const row = Buffer.from([0, ...Array.from({ length: width }, (_, x) => (x < width / 2 ? left : right)).flat()]);
  const size = Buffer.alloc(13);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  size.set([8, 2, 0, 0, 0], 8);
  const chunk = (type, data) => {
    const [length, sum, body] = [Buffer.alloc(4), Buffer.alloc(4), Buffer.concat([Buffer.from(type), data])];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)));
  const parts = [chunk("IHDR", size), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))];
  const buffer = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...parts]);
  return { name, mimeType: "image/png", buffer };
}

/** A file of so many bytes that is no picture. */
export function plan(name, bytes = 2_345) {
  return { name, mimeType: "application/pdf", buffer: Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.alloc(bytes - 9, 7)]) };
}

/** Chooses files by a button that asks for them. */
export async function chooseFiles(page, button, files) {
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), button.click()]);
  await chooser.setFiles(files);
}

/** The files that go with what is being written. */
export function attached(page) {
  return page.getByRole("list", { name: "Files to send" }).getByRole("listitem");
}

/** Attaches files, and waits until all of them are ready. */
export async function attach(page, files) {
  await chooseFiles(page, page.getByRole("button", { name: "Attach files" }), files);
  for (const { name } of files) await attached(page).filter({ hasText: name }).getByText("Ready", { exact: true }).waitFor();
}

/** Waits until a picture is there, not its place alone. */
export async function loaded(picture) {
  await picture.waitFor();
  await until(() => picture.evaluate((image) => image.complete && image.naturalWidth > 0));
}
