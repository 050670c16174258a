// Who is signed in, in this window alone: two windows may be two users.

import { type Session, devSession, fixedSession } from "@musclemap/client";

/** What the server says of itself, at `/app.json`. */
export interface Setting {
  /** Where sockets are opened; null for where the page is from. */
  sockets: string | null;
  /** Log-in without a password is on. */
  devLogin: boolean;
  /** Users of the demo. */
  demo: string[];
}

export type Who = { username: string } | { token: string };

const KEPT = "musclemap.who";
export const DEV_LOGIN = "/dev/login";

export async function setting(): Promise<Setting> {
  const answer = await fetch("/app.json", { signal: AbortSignal.timeout(10_000) });
  return (await answer.json()) as Setting;
}

/** `#/as/NAME` signs in as this user, where that is allowed; it is taken out of the address. */
export function asked(): Who | undefined {
  const [, name] = /^#\/as\/([^/]+)/.exec(location.hash) ?? [];
  if (!name) return undefined;
  history.replaceState(null, "", "#/");
  return { username: decodeURIComponent(name) };
}

export function kept(): Who | undefined {
  const text = sessionStorage.getItem(KEPT);
  return text === null ? undefined : (JSON.parse(text) as Who);
}

export function keep(who: Who | undefined): void {
  if (who) sessionStorage.setItem(KEPT, JSON.stringify(who));
  else sessionStorage.removeItem(KEPT);
}

export function sessionOf(who: Who): Session {
  if ("token" in who) return fixedSession(who.token);
  return devSession(DEV_LOGIN, who.username);
}

export function socketsOf({ sockets }: Setting): string {
  return sockets ?? `${location.origin.replace(/^http/, "ws")}/graphql`;
}
