// What the platform says of users while they look: their names, their features.

import { test } from "node:test";
import { inWindows, message, pair, publish, write } from "../windows.mjs";

inWindows();

test("a user who is named anew is seen so at once, by others and by themselves", async () => {
  const { bob, hers, his } = await pair();
  await write(his, "hello");
  await message(hers, "hello").waitFor();
  await publish(bob, "Robert of Hamburg");
  await hers.getByRole("navigation").getByRole("link", { name: "Robert of Hamburg" }).waitFor();
  await hers.getByRole("main").getByRole("button", { name: /Robert of Hamburg/ }).waitFor();
  await hers.getByRole("article", { name: /^Robert of Hamburg/ }).waitFor();
  await his.getByRole("button", { name: "Account" }).click();
  await his.getByRole("menu").getByText("Robert of Hamburg").waitFor();
});

test("a feature that is switched off goes from the window at once, and comes back", async () => {
  const { ann, hers } = await pair();
  await write(hers, "hello");
  const react = message(hers, "hello").getByRole("button", { name: "React", exact: true });
  await react.waitFor({ state: "attached" });
  await hers.route("**/graphql", (route) => {
    if (!route.request().postData()?.includes("query Flags")) return route.continue();
    return route.fulfill({ json: { data: { featureFlags: [{ key: "messaging.message_reactions", enabled: false }] } } });
  });
  await publish(ann, ann.name);
  await react.waitFor({ state: "detached" });
  await hers.unroute("**/graphql");
  await publish(ann, ann.name);
  await react.waitFor({ state: "attached" });
});
