// Whether users are there: of those who are watched, as the server says it to this viewer.
//
// Invariant: a status that is published while statuses are read is not undone by them; after a cut all are read
// again, as they are never replayed.

import { PRESENCE, type PresenceView, WATCH } from "./documents.ts";
import { Changing } from "./emitter.ts";
import { Gathering } from "./gathering.ts";
import type { Inbox } from "./inbox.ts";

/** Users whom one request, and one subscription, may name. */
const MOST = 1_000;
/** How long users who are watched wait for others. */
const GATHER_MS = 100;
const ALL = "all";

export class Presence extends Changing {
  readonly #inbox: Inbox;
  readonly #isOn: () => boolean;
  readonly #reading = new Gathering(GATHER_MS, () => this.#read());
  /** Users, each with the number of those who watch them. */
  #watched = new Map<string, number>();
  #known = new Map<string, PresenceView>();
  /** Users who were read since the connection is there. */
  #settled = new Set<string>();
  /** Users whose status was published while statuses are read. */
  #published = new Set<string>();
  #followed = "";
  #leave = () => {};

  constructor(inbox: Inbox, isOn: () => boolean) {
    super();
    this.#inbox = inbox;
    this.#isOn = isOn;
  }

  /** Undefined while it is not known. */
  of(user: string): PresenceView | undefined {
    return this.#known.get(user);
  }

  /** Follows a user, until the function that it gives is called. */
  watch(user: string): () => void {
    this.#watched.set(user, (this.#watched.get(user) ?? 0) + 1);
    if (!this.#settled.has(user)) this.#reading.soon(ALL);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const others = (this.#watched.get(user) ?? 1) - 1;
      if (others > 0) this.#watched.set(user, others);
      else this.#watched.delete(user);
    };
  }

  /** A status that the server has published; of no interest where nobody watches. */
  changedTo(presence: PresenceView): void {
    if (!this.#watched.has(presence.userId)) return;
    this.#published.add(presence.userId);
    this.#known.set(presence.userId, presence);
    this.changed();
  }

  /** Reads all anew: what was published meanwhile is lost. */
  refresh(): void {
    // What is answered to an older read does not settle a user.
    this.#settled = new Set();
    this.#reading.soon(ALL);
  }

  stop(): void {
    this.#reading.stop();
    this.#leave();
  }

  async #read(): Promise<void> {
    const watched = this.#isOn() ? [...this.#watched.keys()].slice(-MOST) : [];
    const isWatched = new Set(watched);
    for (const user of this.#known.keys()) if (!isWatched.has(user)) this.#known.delete(user);
    for (const user of this.#settled) if (!isWatched.has(user)) this.#settled.delete(user);
    this.#follow(watched);
    this.changed();
    const users = watched.filter((user) => !this.#settled.has(user));
    if (users.length === 0) return;
    this.#published.clear();
    const settled = this.#settled;
    // On the socket that has the subscription, which is live once this is answered.
    const { presence } = await this.#inbox.run<{ presence: PresenceView[] }>(PRESENCE, { users });
    for (const one of presence) {
      settled.add(one.userId);
      if (!this.#published.has(one.userId)) this.#known.set(one.userId, one);
    }
    this.changed();
  }

  /** Subscribes to these users, in place of those before. */
  #follow(users: string[]): void {
    const wanted = users.toSorted().join(" ");
    if (wanted === this.#followed) return;
    const before = this.#leave;
    this.#followed = wanted;
    this.#leave = () => {};
    if (users.length > 0) {
      this.#leave = this.#inbox.follow<{ userPresence: PresenceView }>(WATCH, { users }, {
        next: ({ userPresence }) => this.changedTo(userPresence),
        // The inbox has the changes of most users; the next read subscribes again.
        over: () => (this.#followed = this.#followed === wanted ? "" : this.#followed),
      });
    }
    before();
  }
}
