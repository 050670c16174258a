// Features that are switched on for the user.
//
// Invariant: a feature that the API does not name is off.

import type { FlagView } from "./documents.ts";
import { Changing } from "./emitter.ts";

export class Flags extends Changing {
  #on: ReadonlySet<string>;

  constructor(flags: FlagView[]) {
    super();
    this.#on = enabled(flags);
  }

  isOn(key: string): boolean {
    return this.#on.has(key);
  }

  set(flags: FlagView[]): void {
    this.#on = enabled(flags);
    this.changed();
  }
}

function enabled(flags: FlagView[]): ReadonlySet<string> {
  return new Set(flags.filter((flag) => flag.enabled).map((flag) => flag.key));
}
