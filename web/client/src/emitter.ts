// Who wants to know that something changed.

type Listener = () => void;

/** Tells its listeners that it has changed, once for all changes of one turn. */
export class Changing {
  #listeners = new Set<Listener>();
  #told = true;

  /** Gives a function that ends it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected changed(): void {
    if (!this.#told) return;
    this.#told = false;
    queueMicrotask(() => {
      this.#told = true;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}

/** Resolves after so many milliseconds, or as soon as `sooner` calls back. */
export function pause(ms: number, sooner?: (wake: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    let leave = () => {};
    const done = () => {
      clearTimeout(timer);
      leave();
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (sooner) leave = sooner(done);
  });
}

/** Full jitter: anything up to `base` doubled with each attempt, at most `most`. */
export function backoff(attempt: number, base = 250, most = 15_000): number {
  return Math.random() * Math.min(most, base * 2 ** Math.min(attempt, 10));
}
