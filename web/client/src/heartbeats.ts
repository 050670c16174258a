// Heartbeats of this device, from which others see that the user is there.
//
// Invariant: one every 30 s of a live connection, and one at once when the user comes back.

import { HEARTBEAT } from "./documents.ts";
import type { Inbox } from "./inbox.ts";

const EVERY_MS = 30_000;
/** A ping of the server stands for the timer, which browsers slow down in pages that are not seen. */
const EARLIEST_MS = 20_000;

export class Heartbeats {
  readonly #inbox: Inbox;
  readonly #isOn: () => boolean;
  readonly #leave: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = 0;
  /** Whether the user was active since the last one, and what that one said. */
  #isActive = true;
  #wasActive = true;

  constructor(inbox: Inbox, isOn: () => boolean) {
    this.#inbox = inbox;
    this.#isOn = isOn;
    this.#leave = inbox.onPing(() => Date.now() - this.#last >= EARLIEST_MS && this.beat());
  }

  /** The user does something. */
  touch(): void {
    this.#isActive = true;
    if (!this.#wasActive) this.beat();
  }

  /** Sends one now, and the next in time. */
  beat(): void {
    clearTimeout(this.#timer);
    if (this.#inbox.connection !== "live") return;
    this.#timer = setTimeout(() => this.beat(), EVERY_MS);
    if (!this.#isOn()) return;
    const active = this.#isActive;
    this.#last = Date.now();
    this.#isActive = false;
    this.#wasActive = active;
    this.#inbox.run(HEARTBEAT, { active }).catch(() => (this.#isActive ||= active));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#leave();
  }
}
