// Voice messages: recorded, sent, played by the other at three speeds, also while another conversation is open.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inWindows, message, pair, violations, write } from "../windows.mjs";

inWindows();

const newest = (page) => page.getByRole("log").getByRole("article").last();
const named = (place, name) => place.getByRole("button", { name, exact: true });

/** Records for some seconds. */
async function record(page, seconds) {
  await named(page, "Record a voice message").click();
  const recording = page.getByRole("group", { name: "Recording" });
  await recording.getByRole("timer").getByText(`0:0${seconds}`).waitFor();
  return recording;
}

for (const colorScheme of ["light", "dark"]) {
  test(`a recording is sent, and played by the other at another speed, in the ${colorScheme} scheme`, async () => {
    const { ann, hers, his } = await pair({ colorScheme });
    const recording = await record(hers, 2);
    assert.deepEqual(await violations(hers), []);
    // The send button has the focus.
    await named(recording, "Send the recording").and(hers.locator(":focus")).waitFor();
    await hers.keyboard.press("Enter");
    const voice = newest(his).getByRole("group", { name: /^Voice message 0:0[2-4]$/ });
    await voice.waitFor();
    assert.equal(await voice.locator("rect").count(), 64);
    const heights = await voice.locator("rect").evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute("height"))));
    assert.ok(Math.max(...heights) > 3 * Math.min(...heights), "beeps and silence are drawn");
    await his.getByRole("navigation").getByRole("link", { name: ann.name }).getByText(/^Voice message 0:0/).waitFor();
    assert.deepEqual(await violations(his), []);

    await named(voice, "Speed 1×").click();
    await named(voice, "Speed 1.5×").click();
    await named(voice, "Speed 2×").click();
    await named(voice, "Speed 1×").click();
    await named(voice, "Play").click();
    await named(voice, "Pause").waitFor();
    await voice.locator("rect.played").nth(5).waitFor();
    await named(voice, "Pause").click();
    await named(voice, "Play").waitFor();
    // By the keyboard to near the end, from where it plays to its end.
    const position = voice.getByRole("slider", { name: "Position" });
    await position.focus();
    await his.keyboard.press("End");
    for (let step = 0; step < 12; step++) await his.keyboard.press("ArrowLeft");
    await voice.locator("rect.played").nth(20).waitFor();
    await named(voice, "Play").click();
    await named(voice, "Play").waitFor();
    await voice.locator("rect.played").first().waitFor({ state: "detached" });

    // It is quoted, and is not edited.
    await newest(his).hover();
    await named(newest(his), "Reply").click();
    await write(his, "I hear you");
    await message(hers, "I hear you").getByText(/^Voice message 0:0/).waitFor();
    assert.equal(await newest(his).getByRole("menuitem", { name: "Edit" }).count(), 0);
  });
}

test("a recording plays on while another conversation is open", async () => {
  const { bob, hers, his, ann } = await pair();
  const notes = await bob.create("DIRECT", []);
  const recording = await record(hers, 5);
  await named(recording, "Send the recording").click();
  const voice = newest(his).getByRole("group", { name: /^Voice message/ });
  await named(voice, "Play").click();
  await named(voice, "Pause").waitFor();
  await his.evaluate((place) => (location.hash = place), `#/c/${encodeURIComponent(notes)}`);
  const bar = his.getByRole("region", { name: "Being played" });
  await bar.getByText(ann.name).waitFor();
  await bar.getByText(/^0:0[1-4] of /).waitFor();
  assert.deepEqual(await violations(his), []);
  await named(bar, "Pause").click();
  await bar.getByText(ann.name).click();
  await bar.waitFor({ state: "detached" });
  await named(newest(his).getByRole("group", { name: /^Voice message/ }), "Play").waitFor();
});

test("a recording is discarded, and a microphone that is refused is said", async () => {
  const { hers, his } = await pair();
  const recording = await record(hers, 1);
  await named(recording, "Discard the recording").click();
  await recording.waitFor({ state: "detached" });
  await hers.locator("#composer").and(hers.locator(":focus")).waitFor();
  const again = await record(hers, 1);
  await hers.keyboard.press("Escape");
  await again.waitFor({ state: "detached" });
  await hers.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await named(hers, "Record a voice message").click();
  await hers.getByRole("status").getByText("The microphone is not allowed here.").waitFor();
  await write(hers, "no words");
  await message(his, "no words").waitFor();
  assert.equal(await his.getByRole("group", { name: /^Voice message/ }).count(), 0);
});
