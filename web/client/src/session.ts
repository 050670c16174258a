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

/** What a token says of its user; nothing if it is no JWT. */
function claimsOf(token: string): { exp?: number; roles?: string[] } {
  try {
    return JSON.parse(atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/")));
  } catch {
    return {};
  }
}

/** Whether a token ends within a minute; one that is no JWT never does. */
export function endsSoon(token: string, now: number): boolean {
  const end = claimsOf(token).exp;
  return end !== undefined && end * 1000 - EARLY_MS < now;
}

/** Whether a token's user moderates the service: what the app offers, as the API decides. */
export function moderates(token: string): boolean {
  const roles = claimsOf(token).roles ?? [];
  return roles.includes("moderator") || roles.includes("admin");
}

/** A session by a function that gives a token; asked at first, and whenever the last one has ended. Renewals at
 * the same time are one. */
export function renewing(ask: () => Promise<string>): Session {
  let current: Promise<string> | undefined;
  let asking: Promise<string> | undefined;
  const renew = () => {
    if (asking) return asking;
    const asked = ask();
    current = asking = asked;
    asked.then(
      () => (asking = undefined),
      // The next call asks again.
      () => (current = asking = undefined),
    );
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

/** The log-in of development refuses a name. */
export class LoginRefused extends Error {}

/** Logs in without a password, at the URL of the log-in of development. */
export async function devLogin(url: string, username: string): Promise<{ userId: string; token: string }> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username }),
    signal: AbortSignal.timeout(10_000),
  });
  const { userId, token, detail } = (await answer.json()) as { userId?: string; token?: string; detail?: string };
  if (!answer.ok || userId === undefined || token === undefined) {
    throw new LoginRefused(detail ?? `log-in failed: ${answer.status}`);
  }
  return { userId, token };
}

/** A session by the log-in of development. */
export function devSession(url: string, username: string): Session {
  return renewing(async () => (await devLogin(url, username)).token);
}
