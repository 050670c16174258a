// GraphiQL, as a developer opens it.

import { test } from "node:test";
import { inWindows, open } from "../windows.mjs";

inWindows();

test("GraphiQL is signed in, and asks the API under the policy for content", async () => {
  const { page } = await open("graphiql");
  await page.getByRole("button", { name: /Execute/ }).click();
  await page.locator(".result-window").getByText('"username"').first().waitFor();
});
