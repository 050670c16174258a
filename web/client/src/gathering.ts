// Doing something for each of many keys, a moment after it was first asked for, once.
//
// Invariant: what is asked for while it is done is done again after that, so the last answer is the newest.

export class Gathering {
  readonly #act: (key: string) => Promise<unknown>;
  readonly #waitMs: number;
  #waiting = new Map<string, ReturnType<typeof setTimeout>>();
  /** Keys for which it is done now, and whether it was asked for again. */
  #running = new Map<string, boolean>();
  #isStopped = false;

  constructor(waitMs: number, act: (key: string) => Promise<unknown>) {
    this.#waitMs = waitMs;
    this.#act = act;
  }

  soon(key: string): void {
    if (this.#isStopped) return;
    if (this.#running.has(key)) this.#running.set(key, true);
    else if (!this.#waiting.has(key)) this.#waiting.set(key, setTimeout(() => void this.#run(key), this.#waitMs));
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }

  async #run(key: string): Promise<void> {
    this.#waiting.delete(key);
    this.#running.set(key, false);
    // What fails is asked for again by the next change.
    await this.#act(key).catch(() => {});
    const isAgain = this.#running.get(key);
    this.#running.delete(key);
    if (isAgain) this.soon(key);
  }
}
