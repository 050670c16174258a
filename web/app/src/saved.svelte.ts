// Settings of the account: what the server has confirmed, and over it the changes that it has not answered.
//
// Invariant: changes are sent one after another, so what is shown after the last answer is what the server keeps.

export class Saved<T extends object> {
  #confirmed = $state.raw<T | undefined>();
  #changes = $state.raw<Partial<T>[]>([]);
  #last: Promise<unknown> = Promise.resolve();

  /** The settings as they are shown; undefined before the first answer. */
  get shown(): T | undefined {
    return this.#confirmed && this.#changes.reduce<T>((all, change) => ({ ...all, ...change }), this.#confirmed);
  }

  /** Whether a change of this setting has no answer. */
  isSaving(name: keyof T): boolean {
    return this.#changes.some((change) => name in change);
  }

  confirm(settings: T): void {
    this.#confirmed = settings;
  }

  /** Shows a change at once, and sends it by `send`. Fails if it is refused; then it is no longer shown. */
  async save(change: Partial<T>, send: () => Promise<T>): Promise<void> {
    this.#changes = [...this.#changes, change];
    const sent = this.#last.then(send);
    this.#last = sent.catch(() => {});
    try {
      this.#confirmed = await sent;
    } finally {
      this.#changes = this.#changes.filter((one) => one !== change);
    }
  }
}
