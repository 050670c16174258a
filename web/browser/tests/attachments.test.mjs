// Files: chosen, dropped or pasted, followed until they are ready, sent, seen and saved by the other.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import {
  attach, attached, chooseFiles, details, inWindows, loaded, message, pair, picture, plan, violations, write,
} from "../windows.mjs";

inWindows();

const send = (page) => page.getByRole("button", { name: "Send", exact: true });
const newest = (page) => page.getByRole("log").getByRole("article").last();
const refusals = (complaints) => complaints.splice(0).filter((complaint) => !/Failed to load resource/.test(complaint));

for (const colorScheme of ["light", "dark"]) {
  test(`images and files are sent, shown, opened by keyboard and saved, in the ${colorScheme} scheme`, async () => {
    const { ann, hers, his } = await pair({ colorScheme });
    const document = plan("plan.pdf");
    await attach(hers, [picture("wall.png"), document, picture("hall.png", [20, 120, 60])]);
    assert.deepEqual(await violations(hers), []);
    await write(hers, "the new wall");
    const read = message(his, "the new wall");
    const images = read.getByRole("button", { name: /^Open / });
    await images.nth(1).waitFor();
    assert.equal(await images.count(), 2);
    await loaded(images.first().locator("img"));
    assert.equal(await attached(hers).count(), 0);
    assert.deepEqual(await violations(his), []);

    await images.first().focus();
    await his.keyboard.press("Enter");
    const viewer = his.getByRole("dialog");
    await loaded(viewer.getByRole("img", { name: "wall.png" }));
    assert.deepEqual(await violations(his), []);
    await his.keyboard.press("ArrowRight");
    await loaded(viewer.getByRole("img", { name: "hall.png" }));
    await viewer.getByText("2 of 2").waitFor();
    await his.keyboard.press("ArrowRight");
    await viewer.getByRole("img", { name: "wall.png" }).waitFor();
    await his.keyboard.press("Escape");
    await viewer.waitFor({ state: "detached" });
    await images.first().and(his.locator(":focus")).waitFor();

    const link = read.getByRole("link", { name: "Download plan.pdf, 2 kB" });
    const [saved] = await Promise.all([his.waitForEvent("download"), link.click()]);
    assert.equal(saved.suggestedFilename(), "plan.pdf");
    assert.deepEqual(await readFile(await saved.path()), document.buffer);
    // In the list a message without a text is said by what it is.
    await attach(hers, [picture("alone.png")]);
    await send(hers).click();
    await his.getByRole("navigation").getByRole("link", { name: ann.name }).getByText("Photo").waitFor();
    await loaded(newest(his).getByRole("button", { name: "Open alone.png" }).locator("img"));
    assert.equal(await newest(his).locator(".text").count(), 0);
  });
}

test("files are dropped and pasted; more than ten are refused", async () => {
  const { hers, his } = await pair();
  await hers.evaluate(() => {
    const files = (name, count) => {
      const data = new DataTransfer();
      const bytes = new TextEncoder().encode("%PDF-1.7\nof the club");
      for (let at = 1; at <= count; at++) data.items.add(new File([bytes], `${name} ${at}.pdf`, { type: "application/pdf" }));
      return data;
    };
    const event = { bubbles: true, cancelable: true };
    const pasted = new ClipboardEvent("paste", { ...event, clipboardData: files("pasted", 1) });
    document.querySelector("#composer").dispatchEvent(pasted);
    for (const name of ["dragover", "drop"]) document.body.dispatchEvent(new DragEvent(name, { ...event, dataTransfer: files("dropped", 10) }));
  });
  await hers.getByText("A message carries up to 10 files.").waitFor();
  await attached(hers).nth(9).waitFor();
  assert.equal(await attached(hers).count(), 10);
  await attached(hers).getByText("Ready", { exact: true }).nth(9).waitFor();
  assert.deepEqual(await violations(hers), []);
  await send(hers).click();
  await newest(his).getByRole("link", { name: /^Download/ }).nth(9).waitFor();
});

test("a file that is rejected says why, and nothing is sent until it is removed", async () => {
  const { hers, his } = await pair();
  const fake = { name: "fake.png", mimeType: "image/png", buffer: Buffer.from("no picture") };
  const page = { name: "page.html", mimeType: "text/html", buffer: Buffer.from("<p>") };
  await chooseFiles(hers, hers.getByRole("button", { name: "Attach files" }), [fake, page]);
  await attached(hers).getByText("Rejected: The file is not what its name says.").waitFor();
  await attached(hers).getByText("Rejected: Files of this type cannot be sent.").waitFor();
  assert.deepEqual(await violations(hers), []);
  await write(hers, "without them");
  await hers.getByText("Wait until all files are ready").waitFor();
  assert.ok(await send(hers).isDisabled());
  for (const name of ["fake.png", "page.html"]) await hers.getByRole("button", { name: `Remove ${name}` }).click();
  await hers.locator("#composer").and(hers.locator(":focus")).waitFor();
  await hers.keyboard.press("Enter");
  await message(his, "without them").waitFor();
});

test("an upload shows its progress, goes on after a cut, and is cancelled", async () => {
  const { hers, his, complaints } = await pair();
  let held = [];
  let cuts = 0;
  await hers.route("**/uploads/**", (route) => {
    const range = route.request().headers()["content-range"] ?? "";
    if (range.startsWith("bytes 1048576-") && cuts++ === 0) return route.abort();
    if (range.startsWith("bytes 2097152-")) return held.push(route);
    return route.continue();
  });
  await chooseFiles(hers, hers.getByRole("button", { name: "Attach files" }), [plan("long.pdf", 2_500_000)]);
  const bar = hers.getByRole("progressbar", { name: "Progress of long.pdf" });
  await hers.waitForFunction(() => document.querySelector("progress")?.value === 2_097_152);
  await bar.waitFor();
  assert.equal(cuts, 2);
  for (const route of held.splice(0)) await route.continue();
  await attached(hers).getByText("Ready", { exact: true }).waitFor();
  await send(hers).click();
  await newest(his).getByRole("link", { name: "Download long.pdf, 2.5 MB" }).waitFor();

  await chooseFiles(hers, hers.getByRole("button", { name: "Attach files" }), [plan("other.pdf", 2_500_000)]);
  await hers.waitForFunction(() => document.querySelector("progress")?.value === 2_097_152);
  await hers.getByRole("button", { name: "Remove other.pdf" }).click();
  await attached(hers).waitFor({ state: "detached" });
  // The part that was cut, and the one that was cancelled.
  assert.deepEqual(refusals(complaints), []);
});

test("links that have expired are renewed, for what is shown and for what is saved", async () => {
  const { hers, his, complaints } = await pair();
  await attach(his, [picture("wall.png"), plan("plan.pdf")]);
  await send(his).click();
  await newest(hers).getByRole("button", { name: "Open wall.png" }).waitFor();
  await hers.route("**/graphql", async (route) => {
    const isRenewal = route.request().postData()?.includes("query Attachment");
    const response = await route.fetch();
    const body = await response.text();
    await route.fulfill({ response, body: isRenewal ? body : body.replaceAll('"/files/', '"/files/expired-') });
  });
  await hers.reload();
  await loaded(newest(hers).getByRole("button", { name: "Open wall.png" }).locator("img"));
  const link = newest(hers).getByRole("link", { name: /^Download plan.pdf/ });
  const [saved] = await Promise.all([hers.waitForEvent("download"), link.click()]);
  assert.ok((await readFile(await saved.path())).length > 0);
  // The links that were not taken.
  assert.deepEqual(refusals(complaints), []);
});

test("a message with a file that was not answered before a reload is sent after it", async () => {
  const { hers, his } = await pair();
  await attach(hers, [plan("plan.pdf")]);
  let asked;
  const isAsked = new Promise((resolve) => (asked = resolve));
  await hers.route("**/graphql", (route) => (route.request().postData()?.includes("mutation Send") ? asked() : route.continue()));
  await send(hers).click();
  await isAsked;
  await newest(hers).getByRole("link", { name: /^Download plan.pdf/ }).waitFor();
  await hers.unroute("**/graphql");
  await hers.reload();
  await newest(his).getByRole("link", { name: /^Download plan.pdf/ }).waitFor();
  await newest(hers).getByRole("img", { name: /Sent|Delivered|Read/ }).waitFor();
});

test("at 320 pixels nothing of a gallery, a file or what is attached is cut off", async () => {
  const { hers, his } = await pair({ viewport: { width: 320, height: 640 } });
  const long = `${"a-very-long-name-".repeat(6)}.pdf`;
  await attach(hers, [picture("wall.png"), picture("hall.png"), picture("roof.png"), plan(long)]);
  for (const page of [hers, his]) {
    if (page === his) {
      await send(hers).click();
      await newest(his).getByRole("link", { name: /^Download a-very/ }).waitFor();
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} pixels are beside the page`);
    const beside = await page.getByRole("log").evaluate((log) => log.scrollWidth - log.clientWidth);
    assert.ok(beside <= 0, `${beside} pixels are beside the history`);
  }
});

test("the files of a conversation are shown together; new ones come, those of a deleted message go", async () => {
  const { hers, his } = await pair();
  const panel = await details(his);
  await panel.getByRole("button", { name: "Photos and files" }).click();
  const all = his.getByRole("dialog", { name: "Photos and files" });
  await all.getByText("No photos or files have been sent here.").waitFor();
  for (const files of [[picture("wall.png"), plan("plan.pdf")], [picture("hall.png", [20, 120, 60])]]) {
    await attach(hers, files);
    await send(hers).click();
    await loaded(all.getByRole("button", { name: `Open ${files[0].name}` }).locator("img"));
  }
  await all.getByRole("link", { name: "Download plan.pdf, 2 kB" }).waitFor();
  const images = all.getByRole("button", { name: /^Open / });
  assert.deepEqual(await images.evaluateAll((all) => all.map((one) => one.ariaLabel)), ["Open hall.png", "Open wall.png"]);
  assert.deepEqual(await violations(his), []);
  await images.first().focus();
  await his.keyboard.press("Enter");
  await his.getByRole("dialog", { name: "hall.png" }).waitFor();
  await his.keyboard.press("ArrowRight");
  await his.getByRole("dialog", { name: "wall.png" }).waitFor();
  await his.keyboard.press("Escape");
  await images.first().and(his.locator(":focus")).waitFor();
  await newest(hers).hover();
  await newest(hers).getByRole("button", { name: "Actions on the message" }).click();
  await newest(hers).getByRole("menuitem", { name: "Delete", exact: true }).click();
  await all.getByRole("button", { name: "Open hall.png" }).waitFor({ state: "detached" });
  await all.getByRole("button", { name: "Open wall.png" }).waitFor();
  await his.keyboard.press("Escape");
  await all.waitFor({ state: "detached" });
  // Behind it the details stay, until they are what one leaves.
  await panel.waitFor();
  await his.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
});
