// What is there for a moment: who types.

import { test } from "node:test";
import { inWindows, message, pair } from "../windows.mjs";

inWindows();

test("who types is seen to, until they send or stop", async () => {
  const { ann, hers, his } = await pair();
  const line = his.getByText(`${ann.name} is typing`);
  await hers.locator("#composer").pressSequentially("hel");
  await line.waitFor();
  await hers.locator("#composer").press("Enter");
  await message(his, "hel").waitFor();
  await line.waitFor({ state: "detached" });
  await hers.locator("#composer").pressSequentially("again");
  await line.waitFor();
  await hers.locator("#composer").fill("");
  await line.waitFor({ state: "detached" });
});
