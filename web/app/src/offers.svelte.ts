// What completes a text that is being written: one of those that are offered is chosen by arrows, and taken.

export interface Offer {
  id: string;
  label: string;
  detail: string;
  take: () => void;
}

export class Offers {
  readonly #found: () => Offer[];
  #isDismissed = $state(false);
  chosen = $state(0);
  readonly list = $derived.by(() => (this.#isDismissed ? [] : this.#found()));

  constructor(found: () => Offer[]) {
    this.#found = found;
  }

  /** The text has changed: what was dismissed is offered again. */
  renew(): void {
    this.#isDismissed = false;
  }

  /** Whether a key was meant for them. */
  key(event: KeyboardEvent): boolean {
    const count = this.list.length;
    if (count === 0) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const offer = event.key === "Enter" || event.key === "Tab" ? this.list[this.chosen] : undefined;
    if (step) this.chosen = (this.chosen + step + count) % count;
    else if (offer) offer.take();
    else if (event.key === "Escape") this.#isDismissed = true;
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
