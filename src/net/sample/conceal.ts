// Owns keeping secrets out of what is written down: a server may send back what it was sent, in a header or a page.
// Knows a secret by its very letters: one that comes back in another coding is not known again.
import type { CookiePair } from '../../model/cookie.ts';
import { Secret } from '../../model/secret.ts';
import { type WireText, wireText } from '../../model/text.ts';
import type { HttpFacts } from '../../model/trace.ts';
import type { GivenHeader } from './request.ts';

/** Shorter ones are words such as `no-cache`, which an answer may well hold by itself. */
const LEAST = 8;

export type Conceal = (facts: HttpFacts) => HttpFacts;

/** What comes back of a cookie, whole or its value alone. */
export function concealingCookie(pair: CookiePair): Conceal {
  const value = pair.slice(pair.indexOf('=') + 1);
  return concealed([new Secret('cookie', pair), new Secret('cookie', value)]);
}

interface Known {
  readonly text: string;
  readonly shown: string;
}

/**
 * @param headers as given; values that are plain text are no secret
 * @param later what more is secret by the time of an answer
 */
export function concealing(headers: readonly GivenHeader[], later: () => readonly Secret[] = () => []): Conceal {
  const given = headers.flatMap(([, value]) => (typeof value === 'string' ? [] : [value]));
  const fixed = concealed(given);
  return (facts) => {
    const more = later();
    return (more.length === 0 ? fixed : concealed([...given, ...more]))(facts);
  };
}

function concealed(given: readonly Secret[]): Conceal {
  const secrets = given.flatMap(knownOf).toSorted((a, b) => b.text.length - a.text.length);
  if (secrets.length === 0) return (facts) => facts;
  const hide = (text: WireText): WireText => hidden(text, secrets);
  const pairs = (fields: HttpFacts['headers']): HttpFacts['headers'] =>
    fields.map(([name, value]) => [hide(name), hide(value)]);
  return (facts) => ({
    ...facts,
    headers: pairs(facts.headers),
    trailers: pairs(facts.trailers),
    bodyStart: hidden(facts.bodyStart, secrets, true),
  });
}

/** Whole, and what stands behind the scheme of `Authorization` (RFC 9110 11.4). */
function knownOf(secret: Secret): readonly Known[] {
  const value = secret.open();
  const credentials = /^\S+ +(\S.*)$/.exec(value)?.[1];
  return [value, ...(credentials === undefined ? [] : [credentials])]
    .filter((text) => text.length >= LEAST)
    .map((text) => ({ text, shown: secret.toString() }));
}

function hidden(text: WireText, secrets: readonly Known[], isCut = false): WireText {
  const raw = text as unknown as string;
  const whole = secrets.reduce((rest, secret) => rest.replaceAll(secret.text, secret.shown), raw);
  const shown = isCut ? withoutTail(whole, secrets) : whole;
  return shown === raw ? text : wireText(shown);
}

/** The beginning of a body may end within a secret. */
function withoutTail(text: string, secrets: readonly Known[]): string {
  const bare = text.replace(/…$/, '');
  for (const secret of secrets) {
    for (let length = secret.text.length - 1; length >= LEAST; length--) {
      if (bare.endsWith(secret.text.slice(0, length))) return `${bare.slice(0, -length)}${secret.shown}`;
    }
  }
  return text;
}
