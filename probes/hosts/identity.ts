// Owns telling hosts apart: by which header, cookie, ticket key or other trait of a sample its host is known. Pure; never guesses from a value that changes each time.
import { fieldValue, fieldValues, listOf, memberOf, parameter } from '../../src/model/fields.ts';
import { capture, interpret, matches, sameText, textKey, type WireText, wireText } from '../../src/model/text.ts';
import type { HttpFacts, RequestTrace } from '../../src/model/trace.ts';

/** What one sample showed, as far as it may name its host. */
export type Sample = Pick<RequestTrace, 'http' | 'tls' | 'tcp' | 'spans'>;

/**
 * One way to tell hosts apart. `names`: made to name one, so that a constant value is one host seen. `splits`: one value for each host
 * as a rule. `hints`: several hosts may share a value, so that it bounds their number from below only.
 */
interface Candidate {
  readonly name: string;
  readonly power: 'names' | 'splits' | 'hints';
  /** One for each sample, null where it says nothing. */
  readonly read: (samples: readonly Sample[]) => readonly (WireText | null)[];
}

/** Reads each answer by itself. */
function ofAnswer(name: string, power: Candidate['power'], read: (http: HttpFacts) => WireText | null): Candidate {
  return { name, power, read: (samples) => samples.map(({ http }) => (http === null ? null : read(http))) };
}

/** Set by convention to the host that answered; none is standardised. */
const HEADERS = [
  'x-served-by',
  'x-backend-server',
  'x-backend',
  'x-backend-host',
  'x-upstream-addr',
  'x-upstream',
  'x-server-id',
  'x-instance-id',
  'x-instance',
  'x-pod-name',
  'x-pod',
  'x-node',
  'x-hostname',
  'x-host',
  'x-server',
] as const;

/** Fastly's cache nodes, which are in front of the hosts: https://www.fastly.com/documentation/reference/http/http-headers/X-Served-By/ */
const CACHE_NODE = /^cache-[a-z]+[0-9]*-[A-Z]{3}/i;

/** Names of affinity cookies whose value names a host. HAProxy `cookie`, Apache mod_proxy_balancer `ROUTEID`, F5 BIG-IP, Azure App Service. */
const COOKIES: readonly (readonly [string, RegExp])[] = [
  ['SERVERID', /^SERVERID=([^;]+)/i],
  ['ROUTEID', /^ROUTEID=([^;]+)/],
  ['BIGipServer', /^BIGipServer[^=]*=([^;]+)/],
  ['ARRAffinity', /^ARRAffinity=([^;]+)/],
];

/** Affinity cookies that name no host to us: AWS ALB and Classic ELB, Google, Azure Application Gateway. */
const OPAQUE_COOKIES: readonly (readonly [string, RegExp])[] = [
  ['AWSALB', /^AWSALB(?:APP-[0-9]|CORS|TG)?=/],
  ['AWSELB', /^AWSELB(?:CORS)?=/],
  ['GCLB', /^GCLB=/],
  ['ApplicationGatewayAffinity', /^ApplicationGatewayAffinity(?:CORS)?=/],
];

function headerCandidate(name: string): Candidate {
  return ofAnswer(name, 'names', ({ headers }) => {
    const value = fieldValue(headers, name);
    return value === null || matches(value, CACHE_NODE) ? null : value;
  });
}

function cookieCandidate([name, pattern]: readonly [string, RegExp]): Candidate {
  return ofAnswer(`cookie ${name}`, 'names', ({ headers }) => {
    const line = fieldValues(headers, 'set-cookie').find((value) => matches(value, pattern));
    return line === undefined ? null : capture(line, pattern);
  });
}

/** One process that makes its own ticket keys has one name for them; where TLS ends in front of the hosts it is the same every time. */
const TICKET: Candidate = {
  name: 'TLS ticket key',
  power: 'splits',
  read: (samples) =>
    samples.map(({ tls }) =>
      tls?.ticketKeyName === undefined ? null : wireText(`key ${tls.ticketKeyName.slice(0, 12)}`),
    ),
};

/** Clocks this far apart are two: Date has whole seconds, and the answer was under way (halberd's way). */
const CLOCK_GAP_MS = 1500;

/** Hosts whose clocks differ, by the Date of their answers. What a cache kept has the Date of another time. */
const CLOCK: Candidate = {
  name: 'clock',
  power: 'hints',
  read(samples) {
    const skews = samples.map(skewMs);
    const sorted = skews.filter((skew) => skew !== null).toSorted((a, b) => a - b);
    const starts = sorted.filter((skew, at) => at === 0 || skew - (sorted[at - 1] ?? 0) >= CLOCK_GAP_MS);
    const startOf = (skew: number): number => starts.findLast((start) => start <= skew) ?? 0;
    // Drift, not clocks.
    if (sorted.some((skew) => skew - startOf(skew) > CLOCK_GAP_MS)) return samples.map(() => null);
    const first = starts[0] ?? 0;
    return skews.map((skew) =>
      skew === null ? null : wireText(`clock +${Math.round((startOf(skew) - first) / 1000)} s`),
    );
  },
};

/** The Date of an answer against the time since the ride began; only differences mean anything. */
function skewMs({ http, spans: { wait } }: Sample): number | null {
  if (http === null || wait === undefined || fieldValue(http.headers, 'age') !== null) return null;
  const date = fieldValue(http.headers, 'date');
  const atMs = date === null ? Number.NaN : interpret(date, (raw) => (raw.length > 40 ? Number.NaN : Date.parse(raw)));
  return Number.isFinite(atMs) ? atMs - wait.startMs - wait.durationMs : null;
}

/** In order of preference among those that split alike. */
const CANDIDATES: readonly Candidate[] = [
  ...HEADERS.map(headerCandidate),
  ...COOKIES.map(cookieCandidate),
  ofAnswer('server-timing', 'splits', ({ headers }) => {
    const members = listOf(headers, 'server-timing').map(memberOf);
    return members.map((member) => parameter(member, 'desc')).find((desc) => desc !== null) ?? null;
  }),
  // The member nearest to the origin comes first: RFC 9110 7.6.3.
  ofAnswer('via', 'splits', ({ headers }) => {
    const [first] = listOf(headers, 'via');
    return first === undefined ? null : capture(first, /^\S+\s+(\S+)/);
  }),
  TICKET,
  {
    name: 'certificate',
    power: 'hints',
    read: (samples) =>
      samples.map(({ tls }) =>
        tls?.chainSent[0] === undefined ? null : wireText(`certificate ${tls.chainSent[0].slice(0, 12)}`),
      ),
  },
  ofAnswer('etag', 'hints', ({ headers }) => fieldValue(headers, 'etag')),
  ofAnswer('last-modified', 'hints', ({ headers }) => fieldValue(headers, 'last-modified')),
  CLOCK,
  // Versions differ while hosts are upgraded one after the other.
  ofAnswer('server', 'hints', ({ headers }) => fieldValue(headers, 'server')),
  // The SYN-ACK is the host's own where the balancer passes connections through.
  {
    name: 'TCP segment size',
    power: 'hints',
    read: (samples) => samples.map(({ tcp }) => (tcp === null ? null : wireText(`${tcp.mssBytes} bytes`))),
  },
];

export interface Identification {
  readonly identifiedBy: string;
  /** False where several hosts may share an identity: there are at least as many. */
  readonly isWhole: boolean;
  /** The host of each sample, in the order given; null for one that names none. */
  readonly identities: readonly (WireText | null)[];
}

/**
 * The candidate that splits the samples best; what hosts may share, and content may change, only where nothing better splits them. Refused: one that most answers lack, and one with as many values as answers, which is a
 * request id and not a host. What is not made to name hosts has to come back: each value twice on average, and not one after the other
 * in blocks, as after a deployment or a new ticket key.
 * @param samples in the order sent
 */
export function identify(samples: readonly Sample[]): Identification | null {
  const answered = samples.filter(({ http }) => http !== null).length;
  let best: { readonly found: Identification; readonly kinds: number } | null = null;
  const isBetter = (kinds: number, power: Candidate['power']): boolean =>
    best === null || (kinds > best.kinds && (power !== 'hints' || best.kinds === 1 || !best.found.isWhole));
  for (const { name, power, read } of CANDIDATES) {
    const identities = read(samples);
    const present = identities.filter((identity) => identity !== null);
    const kinds = new Set(present.map(textKey)).size;
    if (present.length < 2 || present.length * 2 < answered || kinds >= present.length) continue;
    if (power !== 'names' && (kinds === 1 || kinds * 2 > present.length || runsOf(present) === kinds)) continue;
    if (isBetter(kinds, power)) {
      best = { found: { identifiedBy: name, isWhole: power !== 'hints', identities }, kinds };
    }
  }
  return best === null ? null : { ...best.found, identities: filledIn(best.found.identities, samples) };
}

/** The same trait, read of other samples too: one for each, in the order given. */
export function readBy(identifiedBy: string, samples: readonly Sample[]): readonly (WireText | null)[] {
  const candidate = CANDIDATES.find(({ name }) => name === identifiedBy);
  return candidate === undefined ? samples.map(() => null) : candidate.read(samples);
}

function runsOf(present: readonly WireText[]): number {
  return present.filter((identity, at) => at === 0 || !sameText(identity, present[at - 1] ?? identity)).length;
}

/** A request that broke off names no host, but its handshake may: where each ticket key was always the same host's. */
function filledIn(identities: readonly (WireText | null)[], samples: readonly Sample[]): readonly (WireText | null)[] {
  const byKey = new Map<string, WireText | null>();
  for (const [at, identity] of identities.entries()) {
    const key = samples[at]?.tls?.ticketKeyName;
    if (identity === null || key === undefined) continue;
    const known = byKey.get(key);
    byKey.set(key, known === undefined || (known !== null && sameText(known, identity)) ? identity : null);
  }
  // One host has several keys when it has several processes; several hosts with one key are told by none.
  if (byKey.size < 2) return identities;
  return identities.map((identity, at) => identity ?? byKey.get(samples[at]?.tls?.ticketKeyName ?? '') ?? null);
}

/** The affinity cookie that an answer sets, and the line that sets it. */
export function affinityLine({ headers }: HttpFacts): { readonly cookie: string; readonly line: WireText } | null {
  const lines = fieldValues(headers, 'set-cookie');
  for (const [cookie, pattern] of [...COOKIES, ...OPAQUE_COOKIES]) {
    const line = lines.find((value) => matches(value, pattern));
    if (line !== undefined) return { cookie, line };
  }
  return null;
}

/** The affinity cookie that most answers set: a caller who sends it back stays with its host. Null without. */
export function affinityCookie(samples: readonly Sample[]): string | null {
  const answered = samples.flatMap(({ http }) => http ?? []);
  const sets = ([, pattern]: readonly [string, RegExp]): number =>
    answered.filter(({ headers }) => fieldValues(headers, 'set-cookie').some((value) => matches(value, pattern)))
      .length;
  const found = [...COOKIES, ...OPAQUE_COOKIES].find(
    (cookie) => answered.length > 0 && sets(cookie) * 2 > answered.length,
  );
  return found?.[0] ?? null;
}
