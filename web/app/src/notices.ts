// Notices of the browser, for messages that come while nobody looks at the page.
//
// Invariant: a notice is shown if the user allowed it here, and the conversation wants it: neither muted, nor a
// request, nor set to less.

import type { ConversationView, MessageView } from "@musclemap/client";
import type { App } from "./app.svelte.ts";
import { preview, titleOf } from "./names.ts";

const KEY = "musclemap.notices";

/** Whether this browser has notices at all. */
export const HAS_NOTICES = typeof Notification === "function";

/** Whether the user wants notices in this browser, which allows them. */
export function noticesOn(): boolean {
  return HAS_NOTICES && localStorage.getItem(KEY) === "on" && Notification.permission === "granted";
}

/** Switches notices in this browser, and asks it to allow them; whether they are on then. */
export async function switchNotices(isOn: boolean): Promise<boolean> {
  if (isOn && (await Notification.requestPermission()) === "granted") localStorage.setItem(KEY, "on");
  else localStorage.removeItem(KEY);
  return noticesOn();
}

type Wish = Pick<ConversationView, "isRequest" | "muted" | "mutedUntil" | "notificationLevel">;
type Content = Pick<MessageView, "sender" | "contentType" | "mentions" | "mentionsAll">;

/** Whether a user wants a notice of a message. */
export function isWanted(message: Content, conversation: Wish, me: string, now: number): boolean {
  const { isRequest, muted, mutedUntil, notificationLevel } = conversation;
  if (message.sender.id === me || message.contentType === "SYSTEM" || isRequest) return false;
  if (muted && (mutedUntil === null || Date.parse(mutedUntil) > now)) return false;
  if (notificationLevel === "MENTIONS") return message.mentionsAll || message.mentions.some((user) => user.id === me);
  return notificationLevel === "ALL";
}

function isLookedAt(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

async function show(app: App, message: MessageView): Promise<void> {
  const { conversations } = app.client;
  const conversation = conversations.get(message.conversationId) ?? (await conversations.fetch(message.conversationId));
  if (!conversation || !isWanted(message, conversation, app.me.id, Date.now())) return;
  const text = preview(message);
  const body = conversation.kind === "DIRECT" ? text : `${message.sender.displayName}: ${text}`;
  // One for each conversation: a newer one stands in place of the one before.
  const notice = new Notification(titleOf(conversation, app.me.id), { body, tag: conversation.id });
  notice.addEventListener("click", () => {
    focus();
    app.go(conversation.id);
    notice.close();
  });
}

/** Shows notices until the function that it gives is called. */
export function notify(app: App): () => void {
  return app.client.onEvent((event) => {
    if (event.__typename !== "MessageCreated" || isLookedAt() || !noticesOn()) return;
    // A phone has no such notices, whatever it says of them.
    show(app, event.message).catch(() => {});
  });
}
