// Changes of the client's objects as Svelte dependencies. A component calls `live` in a function, so each reader
// subscribes.

import { createSubscriber } from "svelte/reactivity";

interface Changing {
  onChange(listener: () => void): () => void;
}

const subscribers = new WeakMap<Changing, () => void>();

/** The same object; whatever is read from it in a template or effect is read again when it changes. */
export function live<T extends Changing>(of: T): T {
  let subscribe = subscribers.get(of);
  if (!subscribe) {
    subscribe = createSubscriber((update) => of.onChange(update));
    subscribers.set(of, subscribe);
  }
  subscribe();
  return of;
}
