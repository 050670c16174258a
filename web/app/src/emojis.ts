// Emoji that are offered: six at once, and more, which are found by their names.

import type { Language } from "./texts.svelte.ts";

/** By emoji: its name, and other words to find it by. */
export type Names = Record<string, string>;

const ALL = "😀😄😂🤣😊😍😘😎🤔😅😇🙃😉😮😢😴😭😡🥵🥶🤕🥳🤩🙏👍👎👌👏🙌🤝👋👀💪🔥✨🎉❤️🧡💛💚💙💜💔💯✅❌❓⭐⚡🏋️🏃🚶🚴🏊🧘🤸🧗🚣🏄⛷️🥾👟⚽🏀🏐🎾🥊🥋🏆🥇🥈🥉🎯📈⏱️📅🍎🍌🥗🍗🥚🍕☕💧🌞🌧️🚀";

export const EMOJIS = [...ALL.matchAll(/\p{Extended_Pictographic}\ufe0f?/gu)].map(([emoji]) => emoji);
export const QUICK = ["👍", "❤️", "😂", "😮", "😢", "🔥"];

const NAMES: Record<Language, () => Promise<Names>> = {
  en: async () => (await import("./emojis/en.ts")).en,
  es: async () => (await import("./emojis/es.ts")).es,
  fr: async () => (await import("./emojis/fr.ts")).fr,
  de: async () => (await import("./emojis/de.ts")).de,
  pt: async () => (await import("./emojis/pt.ts")).pt,
  zh: async () => (await import("./emojis/zh.ts")).zh,
  ja: async () => (await import("./emojis/ja.ts")).ja,
  ko: async () => (await import("./emojis/ko.ts")).ko,
};

/** What emoji are called in a language. */
export function namesIn(language: Language): Promise<Names> {
  return NAMES[language]();
}

/** Without case and accents, which people leave out. */
function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase().normalize("NFC");
}

/** The emoji whose names have a word with each of these beginnings; of scripts without spaces, these signs. */
export function findEmojis(names: Names, text: string): string[] {
  const wanted = plain(text).split(/\s+/).filter((word) => word !== "");
  return EMOJIS.filter((emoji) => {
    const name = ` ${plain(names[emoji] ?? "")}`;
    return wanted.every((word) => name.includes(/\p{Lo}/u.test(word) ? word : ` ${word}`));
  });
}
