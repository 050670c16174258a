// Saving a file under its name, by a link that holds.

import type { AttachmentView } from "@musclemap/client";
import type { App } from "./app.svelte.ts";

/** In place of the link that was pressed, which may have expired since the page has it. */
export function save(app: App, { id, fileName }: AttachmentView, event: MouseEvent): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  void app.attempt(async () => {
    const { url } = await app.client.files.renew(id);
    const link = document.createElement("a");
    [link.href, link.download] = [url ?? "", fileName];
    link.click();
  });
}
