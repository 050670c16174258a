// Values that the server keeps: what it has confirmed, and over it the changes without an answer.
//
// Invariant: changes are sent one after another, so what is shown after the last answer is what the server keeps.

export class Saved<T extends object> {
  readonly #send: (change: Partial<T>) => Promise<T>;
  #confirmed = $state.raw<T | undefined>();
  #changes = $state.raw<Partial<T>[]>([]);
  #last: Promise<unknown> = Promise.resolve();

  /** `send` sends a change, and gives what the server keeps then. */
  constructor(send: (change: Partial<T>) => Promise<T>) {
    this.#send = send;
  }

  /** The values as they are shown; undefined before the first answer. */
  get shown(): T | undefined {
    return this.#confirmed && this.#changes.reduce<T>((all, change) => ({ ...all, ...change }), this.#confirmed);
  }

  /** Whether a change of this value has no answer. */
  isSaving(name: keyof T): boolean {
    return this.#changes.some((change) => name in change);
  }

  confirm(values: T): void {
    this.#confirmed = values;
  }

  /** Shows a change at once, and sends it. Fails if it is refused; then it is no longer shown. */
  async save(change: Partial<T>): Promise<void> {
    this.#changes = [...this.#changes, change];
    const sent = this.#last.then(() => this.#send(change));
    this.#last = sent.catch(() => {});
    try {
      this.#confirmed = await sent;
    } finally {
      this.#changes = this.#changes.filter((one) => one !== change);
    }
  }
}
