// Closes what a button has opened: on Escape, and on an event elsewhere.

import type { Attachment } from "svelte/attachments";
import { on } from "svelte/events";

/** For the element around the button and what it opened, as long as that is open. Escape gives the focus back to
 * the button. */
export function popup(close: () => void, outside = ["pointerdown"]): Attachment<HTMLElement> {
  return (root) => {
    const elsewhere = (event: Event) => {
      if (!root.contains(event.target as Node)) close();
    };
    const keys = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      close();
      root.querySelector("button")?.focus();
    };
    // Captured: the scrolling of an element does not bubble.
    const ends = outside.map((name) => on(window, name, elsewhere, { capture: true }));
    ends.push(on(root, "keydown", keys));
    return () => {
      for (const end of ends) end();
    };
  };
}
