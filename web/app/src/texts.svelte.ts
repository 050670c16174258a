// The texts of the app in the user's language: English at once, the others when they are wanted.

import { type Values, format } from "./format.ts";
import { en } from "./texts/en.ts";

export type Key = keyof typeof en;
export type Texts = Record<Key, string>;

export const LANGUAGES = {
  en: "English", es: "Español", fr: "Français", de: "Deutsch", pt: "Português", zh: "中文", ja: "日本語", ko: "한국어",
} as const;
export type Language = keyof typeof LANGUAGES;

const LOADED: Record<Exclude<Language, "en">, () => Promise<Texts>> = {
  es: async () => (await import("./texts/es.ts")).es,
  fr: async () => (await import("./texts/fr.ts")).fr,
  de: async () => (await import("./texts/de.ts")).de,
  pt: async () => (await import("./texts/pt.ts")).pt,
  zh: async () => (await import("./texts/zh.ts")).zh,
  ja: async () => (await import("./texts/ja.ts")).ja,
  ko: async () => (await import("./texts/ko.ts")).ko,
};

let shown = $state.raw<{ language: Language; texts: Texts }>({ language: "en", texts: en });

export function language(): Language {
  return shown.language;
}

/** The language of a locale such as `pt-BR`, if the app speaks it. */
export function spoken(locale: string): Language | undefined {
  const base = locale.toLowerCase().split("-")[0] ?? "";
  return base in LANGUAGES ? (base as Language) : undefined;
}

export async function speak(wanted: Language): Promise<void> {
  const texts = wanted === "en" ? en : await LOADED[wanted]();
  shown = { language: wanted, texts };
  document.documentElement.lang = wanted;
}

/** A text of the app. */
export function t(key: Key, values: Values = {}): string {
  return format(shown.texts[key], values, shown.language);
}

/** The text of what the API names; another one, if there is none for it. */
function named(beginning: string, name: string, otherwise: Key): string {
  const key = `${beginning}.${name}`;
  return t(key in en ? (key as Key) : otherwise);
}

/** The text of an error code; `error.other` if it has none. */
export function errorText(code: string): string {
  return named("error", code, "error.other");
}

/** Why a file is rejected; that it is damaged, if there is no text for it. */
export function rejectedText(reason: string | null): string {
  return named("rejected", `${reason}`, "rejected.MALFORMED");
}

/** What a limit counts. */
export function limitText(name: string): string {
  return named("limit", name, "limit.other");
}
