// Pushes: notifications of this browser while no page of the app is open.
//
// Invariant: a browser that cannot be pushed to goes on with the notices of the open page.

import type { App } from "./app.svelte.ts";
import { noticesOn } from "./notices.ts";

const KEY = "query Key { vapidPublicKey }";
const REGISTER = "mutation Register($input: PushSubscriptionInput!) { registerPushSubscription(input: $input) }";
const REMOVE = "mutation Remove($endpoint: String!) { removePushSubscription(endpoint: $endpoint) }";

const HAS_PUSHES = typeof navigator === "object" && "serviceWorker" in navigator && "PushManager" in globalThis;

/** What the API takes of a subscription; null of one without keys. */
export function inputOf({ endpoint, keys }: PushSubscriptionJSON): object | null {
  const { p256dh, auth } = keys ?? {};
  return endpoint && p256dh && auth ? { webPush: { endpoint, p256dh, auth }, deviceType: "WEB" } : null;
}

/** Whether two keys, one of them in base64url, are the same. */
export function isKey(key: ArrayBuffer | null, text: string): boolean {
  if (!key) return false;
  const base64 = btoa(String.fromCharCode(...new Uint8Array(key)));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") === text;
}

async function registered(): Promise<ServiceWorkerRegistration> {
  await navigator.serviceWorker.register("/worker.js");
  return navigator.serviceWorker.ready;
}

/** The subscription of this browser under the server's key; another key's cannot be used any more. */
async function subscribed(applicationServerKey: string): Promise<PushSubscription> {
  const { pushManager } = await registered();
  const before = await pushManager.getSubscription();
  if (before && isKey(before.options.applicationServerKey, applicationServerKey)) return before;
  await before?.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
}

/** Says to the server where this browser is pushed to, if its user wants notices; a repeat keeps it there. */
export async function register(app: App): Promise<void> {
  if (!HAS_PUSHES || !noticesOn() || !app.has("push_notifications")) return;
  const { vapidPublicKey } = await app.client.request<{ vapidPublicKey: string }>(KEY);
  const input = inputOf((await subscribed(vapidPublicKey)).toJSON());
  if (input) await app.client.request(REGISTER, { input });
}

/** The server first: a subscription that ends here alone is pushed to once more. */
export async function remove(app: App): Promise<void> {
  if (!HAS_PUSHES) return;
  const registration = await navigator.serviceWorker.getRegistration();
  const subscription = await registration?.pushManager.getSubscription();
  if (!subscription) return;
  await app.client.request(REMOVE, { endpoint: subscription.endpoint });
  await subscription.unsubscribe();
}

/** Closes the notifications of a conversation that is read. */
export async function closeNotifications(conversation: string): Promise<void> {
  if (!HAS_PUSHES || !noticesOn()) return;
  const registration = await navigator.serviceWorker.getRegistration();
  for (const shown of (await registration?.getNotifications({ tag: conversation })) ?? []) shown.close();
}

/** Opens what a notification is of, until the function that it gives is called. */
export function follow(app: App): () => void {
  if (!HAS_PUSHES) return () => {};
  const heard = ({ data }: MessageEvent<{ open?: string }>) => {
    if (data.open) app.go(data.open);
  };
  navigator.serviceWorker.addEventListener("message", heard);
  return () => navigator.serviceWorker.removeEventListener("message", heard);
}
