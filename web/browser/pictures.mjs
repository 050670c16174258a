// Pictures of the app at three widths in both schemes, into the folder that MM_PICTURES names: for people to
// look at.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { as, choose, close, details, launch } from "./windows.mjs";

const FOLDER = process.env.MM_PICTURES ?? "";
if (!FOLDER) throw new Error("MM_PICTURES is not set: where the pictures go");
const WIDTHS = [360, 820, 1280];

mkdirSync(FOLDER, { recursive: true });
await launch();
for (const colorScheme of ["light", "dark"]) {
  for (const width of WIDTHS) {
    const viewport = { width, height: 800 };
    const { page, close: end } = await as("maya", { viewport, colorScheme, deviceScaleFactor: 1 });
    const shot = (name) => page.screenshot({ path: join(FOLDER, `${name}-${width}-${colorScheme}.png`) });
    await page.getByRole("link", { name: /^Leo Martins/ }).waitFor();
    if (width < 720) await shot("list");
    await page.getByRole("searchbox").fill("saturday");
    await page.getByRole("navigation").locator("mark").first().waitFor();
    if (width < 720) await shot("search");
    await page.getByRole("searchbox").press("Escape");
    await page.getByRole("link", { name: /Morning runners/ }).click();
    await page.getByText("See you all on Saturday").last().waitFor();
    await shot("group");
    await page.locator("#composer").fill("@so");
    await page.locator("#composer").press("End");
    await details(page);
    await shot("details");
    await page.locator("#composer").fill("");
    if (width >= 720) {
      await page.getByRole("button", { name: "Close" }).first().click();
      await page.getByRole("link", { name: /^Leo Martins/ }).click();
      await page.getByText("And bring the flat shoes").last().waitFor();
      await shot("pair");
      await choose(page, "Credits");
      await page.getByRole("dialog").waitFor();
      await shot("credits");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "New conversation" }).click();
      await page.getByRole("dialog").waitFor();
      await shot("new");
    }
    await end();
  }
}
await close();
