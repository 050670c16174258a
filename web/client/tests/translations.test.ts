// Translations: one request at a time, for what is in sight, and none beside another version of a text.

import { expect, test } from "vitest";
import { ApiError, Translations } from "../src/index.ts";

const text = (id: string, editCount = 0) => ({ id, editCount });
const turns = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** What was asked for, with the answers that are still out. */
function asking() {
  const asked: { id: string; answer: (content: string | null) => void; refuse: (code: string) => void }[] = [];
  const translations = new Translations(<T>(_: string, variables: Record<string, unknown> = {}) => {
    const id = variables["id"] as string;
    const language = variables["language"] as string;
    return new Promise<T>((resolve, reject) => {
      const message = (content: string | null) => ({
        message: { ...text(id), translations: content === null ? [] : [{ language, content }] },
      });
      asked.push({
        id,
        answer: (content) => resolve(message(content) as T),
        refuse: (code) => reject(new ApiError("refused", { code })),
      });
    });
  });
  return { asked, translations };
}

test("a translation is shown beside the version that it is of", async () => {
  const { asked, translations } = asking();
  const done = translations.translate(text("m"), "de");
  asked[0]?.answer("Hallo");
  await done;
  expect(translations.of(text("m"), "de")).toBe("Hallo");
  expect(translations.of(text("m"), "fr")).toBeUndefined();
  expect(translations.of(text("m", 1), "de")).toBeUndefined();
});

test("what is in sight is asked for one after another, and what has left is not", async () => {
  const { asked, translations } = asking();
  const [, leave] = ["a", "b", "c"].map((id) => translations.want(text(id), "de"));
  await turns();
  expect(asked.map((one) => one.id)).toEqual(["a"]);
  leave?.();
  asked[0]?.answer("A");
  await turns();
  expect(asked.map((one) => one.id)).toEqual(["a", "c"]);
  asked[1]?.answer(null);
  await turns();
  expect(translations.of(text("c"), "de")).toBeUndefined();
  for (const id of ["a", "c"]) translations.want(text(id), "de");
  await turns();
  expect(asked.length).toBe(2);
});

test("after a failure nothing is asked for by itself, and the user may still ask", async () => {
  const { asked, translations } = asking();
  for (const id of ["a", "b"]) translations.want(text(id), "de");
  await turns();
  asked[0]?.refuse("UNAVAILABLE");
  await turns();
  translations.want(text("c"), "de");
  await turns();
  expect(asked.map((one) => one.id)).toEqual(["a"]);
  const done = translations.translate(text("b"), "de");
  asked[1]?.answer("B");
  await done;
  expect(translations.of(text("b"), "de")).toBe("B");
  expect(translations.isOff).toBe(false);
});

test("where nobody translates nothing is asked for any more", async () => {
  const { asked, translations } = asking();
  const done = translations.translate(text("a"), "de");
  asked[0]?.refuse("FEATURE_DISABLED");
  await expect(done).rejects.toThrow();
  expect(translations.isOff).toBe(true);
  translations.want(text("b"), "de");
  await turns();
  expect(asked.length).toBe(1);
});

test("of many translations the first ones are forgotten", () => {
  const { translations } = asking();
  for (let at = 0; at <= 500; at++) translations.take({ ...text(`m${at}`), translations: [{ language: "de", content: "x" }] });
  expect(translations.of(text("m0"), "de")).toBeUndefined();
  expect(translations.of(text("m1"), "de")).toBe("x");
});
