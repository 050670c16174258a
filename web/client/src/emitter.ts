// Listeners to changes, and pauses.

type Listener = () => void;

/** Notifies its listeners of changes, once per turn. */
export class Changing {
  #listeners = new Set<Listener>();
  #isPending = false;

  /** Gives a function that ends it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected changed(): void {
    if (this.#isPending) return;
    this.#isPending = true;
    queueMicrotask(() => {
      this.#isPending = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}

/** Pauses that end together before their time. */
export class Pauses {
  readonly #ends = new Set<() => void>();

  /** Resolves after `ms` milliseconds, or with the next `end`. */
  for(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#ends.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#ends.add(done);
    });
  }

  end(): void {
    for (const done of [...this.#ends]) done();
  }
}

/** Full jitter: anything up to `base` doubled with each attempt, at most `most`. */
export function backoff(attempt: number, base = 250, most = 15_000): number {
  return Math.random() * Math.min(most, base * 2 ** Math.min(attempt, 10));
}
