// Settings: shown at once, marked until they are confirmed, taken back when they are refused.

import { expect, test } from "vitest";
import { Saved } from "../src/saved.svelte.ts";

interface Settings {
  quiet: boolean;
  who: string;
}

/** Settings, and the answers that changes of them wait for. */
function settings() {
  const answers: { resolve: (settings: Settings) => void; reject: (reason: Error) => void }[] = [];
  const saved = new Saved<Settings>(() => new Promise((resolve, reject) => answers.push({ resolve, reject })));
  saved.confirm({ quiet: false, who: "all" });
  return { saved, answers, save: (change: Partial<Settings>) => saved.save(change) };
}

test("a change is shown at once, and is being saved until it is answered", async () => {
  const { saved, answers, save } = settings();
  const done = save({ quiet: true });
  expect(saved.shown).toEqual({ quiet: true, who: "all" });
  expect([saved.isSaving("quiet"), saved.isSaving("who")]).toEqual([true, false]);
  await expect.poll(() => answers.length).toBe(1);
  answers[0]!.resolve({ quiet: true, who: "all" });
  await done;
  expect(saved.isSaving("quiet")).toBe(false);
  expect(saved.shown).toEqual({ quiet: true, who: "all" });
});

test("a change waits for the one before it, and one that is refused is taken back", async () => {
  const { saved, answers, save } = settings();
  const [first, second] = [save({ quiet: true }), save({ who: "none" })];
  await expect.poll(() => answers.length).toBe(1);
  expect(saved.shown).toEqual({ quiet: true, who: "none" });
  answers[0]!.reject(new Error("refused"));
  await expect(first).rejects.toThrow("refused");
  expect(saved.shown).toEqual({ quiet: false, who: "none" });
  await expect.poll(() => answers.length).toBe(2);
  answers[1]!.resolve({ quiet: false, who: "none" });
  await second;
  expect(saved.shown).toEqual({ quiet: false, who: "none" });
});
