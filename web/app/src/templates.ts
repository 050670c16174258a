// Completing a shortcut at the beginning of a text, and filling a template.

import { type ConversationView, type TemplateView, filled } from "@musclemap/client";
import { faceOf } from "./names.ts";

/** Templates that are offered at once. */
const OFFERED = 6;

/** What stands between a slash at the beginning and the caret, with the slash. */
export function shortcutIn(text: string, caret: number): string | undefined {
  return /^\/[^\s/]*$/u.exec(text.slice(0, caret))?.[0];
}

/** Templates whose shortcut or name begins so, the most used first. */
export function matchingTemplates(all: readonly TemplateView[], typed: string): TemplateView[] {
  const wanted = typed.toLocaleLowerCase();
  const begins = (text: string | null | undefined) => text?.toLocaleLowerCase().startsWith(wanted) ?? false;
  const found = all.filter(({ shortcut, name }) => begins(shortcut) || begins(`/${name}`));
  return found.toSorted((one, other) => other.useCount - one.useCount).slice(0, OFFERED);
}

/** A template as it is written in a conversation, today: to the other of two, or to a group by its title. */
export function written(template: TemplateView, conversation: ConversationView, me: string, locale: string, now = new Date()): string {
  const { title, user } = faceOf(conversation, me);
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(now);
  return filled(template.content, { name: user?.displayName ?? title, date });
}
