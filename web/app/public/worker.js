// Shows a push as a notification, and opens its conversation. Nothing is cached, and nothing is asked for.
//
// Invariant: each push is shown, unless a page of the app is being looked at: a browser ends the subscription of who
// takes pushes and shows none.

const pages = () => self.clients.matchAll({ type: "window", includeUncontrolled: true });

async function show(push) {
  if ((await pages()).some((page) => page.focused)) return;
  const { conversationId, title, body, tag, silent } = push;
  await self.registration.showNotification(title, { body, tag, silent, renotify: !silent, icon: "/icon.svg", data: conversationId });
}

/** In a page that is there, or in a new one. */
async function open(conversation) {
  const [page] = await pages();
  if (!page) return self.clients.openWindow(`/#/c/${encodeURIComponent(conversation)}`);
  await page.focus();
  page.postMessage({ open: conversation });
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(event.data.json())));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});
