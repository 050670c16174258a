// Tokens: the one in force, and a new one when it ends.

/** Who is signed in. */
export interface Session {
  /** The token in force. */
  token(): Promise<string>;
  /** Another token, after one was refused or has expired. */
  renew(): Promise<string>;
}

/** A token is renewed so long before its end, in milliseconds. */
const EARLY_MS = 60_000;

/** Whether a token ends within a minute; one that is no JWT never does. */
export function endsSoon(token: string, now: number): boolean {
  try {
    const claims: unknown = JSON.parse(atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/")));
    const end = (claims as { exp?: number }).exp;
    return end !== undefined && end * 1000 - EARLY_MS < now;
  } catch {
    return false;
  }
}

/** A session by a function that gives a token; asked at first, and whenever the last one has ended. */
export function renewing(ask: () => Promise<string>): Session {
  let current: Promise<string> | undefined;
  const renew = () => {
    const asked = ask();
    current = asked;
    // Asked again by the next who needs it.
    asked.catch(() => {
      if (current === asked) current = undefined;
    });
    return asked;
  };
  return {
    async token() {
      const token = await (current ?? renew());
      return endsSoon(token, Date.now()) ? renew() : token;
    },
    renew,
  };
}

/** A session by one token. */
export function fixedSession(token: string): Session {
  return { token: async () => token, renew: async () => token };
}

/** A session by the log-in of development. `login` is its URL. */
export function devSession(login: string, username: string): Session {
  return renewing(async () => {
    const answer = await fetch(login, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username }),
      signal: AbortSignal.timeout(10_000),
    });
    const said = (await answer.json()) as { token?: string; detail?: string };
    if (!answer.ok || said.token === undefined) throw new Error(said.detail ?? `log-in failed: ${answer.status}`);
    return said.token;
  });
}
