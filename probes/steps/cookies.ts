// Owns the cookies of one round of steps: taken in and sent as RFC 6265 says, none of a public suffix.
// Never keeps one beyond the round.
import { CookieJar } from 'tough-cookie';
import { Secret } from '../../src/model/secret.ts';
import { interpret, type WireText } from '../../src/model/text.ts';

export interface Cookies {
  /** @returns the names of those that were taken */
  take(fields: readonly WireText[], url: string): readonly string[];
  /** For one request; null when none is for it. `n`: how many. */
  headerFor(url: string): { readonly value: Secret; readonly n: number } | null;
  /** The value of the first with that name for that URL. */
  named(name: string, url: string): string | null;
  /** Each value, so that no report repeats it. */
  secrets(): readonly Secret[];
}

/** As browsers do at least: RFC 6265 6.1. */
const MAX_COOKIES = 50;

export function openCookies(): Cookies {
  const jar = new CookieJar(undefined, { looseMode: true });
  const secrets = new Map<string, Secret>();
  return {
    take(fields, url) {
      const taken: string[] = [];
      for (const field of fields.slice(0, MAX_COOKIES)) {
        // A boolean comes back: the text itself stays here.
        interpret(field, (raw) => {
          const cookie = setQuietly(jar, raw, url);
          if (cookie === null) return false;
          taken.push(cookie.key.slice(0, 80));
          secrets.set(cookie.key, new Secret(`cookie ${cookie.key.slice(0, 80)}`, cookie.value));
          return true;
        });
      }
      return taken;
    },
    headerFor(url) {
      const cookies = jar.getCookiesSync(url);
      if (cookies.length === 0) return null;
      return {
        value: new Secret('cookies', cookies.map((cookie) => cookie.cookieString()).join('; ')),
        n: cookies.length,
      };
    },
    named: (name, url) => jar.getCookiesSync(url).find(({ key }) => key === name)?.value ?? null,
    secrets: () => [...secrets.values()],
  };
}

function setQuietly(jar: CookieJar, raw: string, url: string) {
  try {
    return jar.setCookieSync(raw, url) ?? null;
  } catch {
    // Of another domain, of a public suffix, or none at all: as browsers do, it is passed over.
    return null;
  }
}
