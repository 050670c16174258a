// Runs an action once per key, a moment after the first request for it.
//
// Invariant: a request during a run causes another run after it, so the last result is the newest.

export class Gathering {
  readonly #act: (key: string) => Promise<unknown>;
  readonly #waitMs: number;
  #waiting = new Map<string, ReturnType<typeof setTimeout>>();
  /** Keys whose action is running; true if it was requested again. */
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
