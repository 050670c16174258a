// GraphiQL, as who develops opens it.

import { after, afterEach, before, test } from "node:test";
import { close, closeAll, launch, open } from "../windows.mjs";

before(launch);
after(close);
afterEach(closeAll);

test("GraphiQL is signed in, and asks the API under the policy for content", async () => {
  const { page } = await open("graphiql");
  await page.getByRole("button", { name: /Execute/ }).click();
  await page.locator(".result-window").getByText('"username"').first().waitFor();
});
