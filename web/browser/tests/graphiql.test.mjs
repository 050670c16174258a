// GraphiQL, as a developer opens it.

import { test } from "node:test";
import { inWindows, open } from "../windows.mjs";

inWindows();

test("GraphiQL is signed in, and asks the API under the policy for content", async () => {
  const { page } = await open("graphiql");
  // The editors are loaded after the page; without them Execute does nothing.
  for (const hasText of ["lastMessage", "authorization"]) await page.locator(".CodeMirror", { hasText }).waitFor();
  await page.getByRole("button", { name: /Execute/ }).click();
  await page.locator(".result-window").getByText('"username"').first().waitFor();
});
