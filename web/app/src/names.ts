// What conversations and their members are called, and how a text is cut into parts.

import { type ConversationView, type LengthView, type MessageView, type UserView, manages } from "@musclemap/client";
import { t } from "./texts.svelte.ts";
import { length } from "./times.ts";

/** What a conversation is called by. */
type Named = Pick<ConversationView, "id" | "kind" | "title" | "participants">;

/** The other member of two; undefined in a conversation with oneself. */
function other(conversation: Named, me: string): UserView | undefined {
  if (conversation.kind !== "DIRECT") return undefined;
  return conversation.participants.nodes.map((member) => member.user).find((user) => user.id !== me);
}

export function titleOf(conversation: Named, me: string): string {
  if (conversation.kind === "DIRECT") return other(conversation, me)?.displayName ?? t("chat.notes");
  const names = conversation.participants.nodes.map((member) => member.user).filter((user) => user.id !== me);
  return conversation.title ?? names.map((user) => user.displayName).join(", ");
}

/** How a conversation is shown: its title, the other member of two, and the properties of its avatar. */
export function faceOf(conversation: Named & Pick<ConversationView, "avatarUrl">, me: string) {
  const [title, user] = [titleOf(conversation, me), other(conversation, me)];
  return { title, user, avatar: { id: user?.id ?? conversation.id, name: title, url: user?.avatarUrl ?? conversation.avatarUrl } };
}

/** Whether the viewer may pin messages: either of two, who manages a group. */
export function mayPin({ kind, isRequest, viewer }: Pick<ConversationView, "kind" | "isRequest" | "viewer">): boolean {
  return !isRequest && (kind === "DIRECT" || manages(viewer?.role));
}

/** One of twelve hues, the same for the same id everywhere. */
export function hueOf(id: string): number {
  let hash = 0x811c9dc5;
  for (const letter of id) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 8) % 12;
}

export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter((word) => word.length > 0);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...(word ?? "")][0] ?? "").join("").toLocaleUpperCase();
}

export interface Part {
  text: string;
  kind: "text" | "mention" | "link";
}

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/gu;

/** A text as parts: links, mentions of members, and what is between. */
export function parts(text: string, mentions: readonly UserView[], mentionsAll: boolean): Part[] {
  const marks: { from: number; to: number; kind: Part["kind"] }[] = [];
  for (const found of text.matchAll(LINK)) marks.push({ from: found.index, to: found.index + found[0].length, kind: "link" });
  const wanted = mentions.map((user) => user.username).concat(mentionsAll ? ["all"] : []);
  const lower = text.toLowerCase();
  for (const name of wanted.toSorted((one, two) => two.length - one.length)) {
    const mark = `@${name.toLowerCase()}`;
    for (let at = lower.indexOf(mark); at >= 0; at = lower.indexOf(mark, at + 1)) {
      const to = at + mark.length;
      if (!marks.some((known) => at < known.to && known.from < to)) marks.push({ from: at, to, kind: "mention" });
    }
  }
  const out: Part[] = [];
  let at = 0;
  for (const { from, to, kind } of marks.toSorted((one, two) => one.from - two.from)) {
    if (from > at) out.push({ text: text.slice(at, from), kind: "text" });
    out.push({ text: text.slice(from, to), kind });
    at = to;
  }
  if (at < text.length) out.push({ text: text.slice(at), kind: "text" });
  return out;
}

/** Whether a text is a few emoji alone, which are shown large. */
export function isEmojiAlone(text: string): boolean {
  return /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u200d\ufe0f\p{Extended_Pictographic}]*\s*){1,4}$/u.test(text);
}

function listed(users: readonly UserView[]): string {
  return users.map((user) => user.displayName).join(", ");
}

/** What a system message reports. */
export function systemText({ system }: Pick<MessageView, "system">): string {
  if (!system) return "";
  const values = { actor: system.actor.displayName, targets: listed(system.targets), value: system.value ?? "" };
  switch (system.kind) {
    case "CREATED": return t("system.created", values);
    case "ADDED": return t("system.added", values);
    case "JOINED": return t("system.joined", values);
    case "LEFT": return t("system.left", values);
    case "REMOVED": return t("system.removed", values);
    case "RENAMED": return t("system.renamed", values);
    case "ROLE_CHANGED": return t("system.role", values);
    case "OWNER_CHANGED": return t("system.owner", values);
    case "SETTINGS_CHANGED": return t("system.settings", values);
    case "PINNED": return t("system.pinned", values);
    case "DISAPPEARING_CHANGED": return t("system.disappearing", values);
  }
}

/** A message that may be a sticker. */
interface Stuck {
  sticker: { name: string } | null;
}

/** One line of a message, for lists and quotes. */
export function preview(
  message: Pick<MessageView, "content" | "deletedAt" | "hiddenAt" | "contentType"> & Stuck & { attachments: readonly LengthView[] },
): string {
  if (message.deletedAt) return t("message.deleted");
  if (message.hiddenAt) return t("message.hidden");
  if (message.contentType === "POLL") return t("poll.line", { question: message.content ?? "" });
  if (message.contentType === "VOICE") return t("voice.line", { time: length(message.attachments[0]?.durationSeconds ?? 0) });
  if (message.sticker) return t("sticker.line", { name: message.sticker.name });
  if (message.content === "" && message.contentType === "GIF") return t("gif.line");
  if (message.content === "") return t(message.contentType === "IMAGE" ? "message.photo" : "message.file");
  return message.content ?? t("message.other");
}
