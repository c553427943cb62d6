// Owns telling hosts apart: which header or cookie names the host that answered. Pure; never guesses from a value that changes each time.
import { fieldValue, fieldValues, listOf, memberOf, parameter } from '../../src/model/fields.ts';
import { capture, matches, textKey, type WireText } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';

/** One way to name a host. `named`: made to name one, so that a constant value is one host seen; else only a split tells. */
interface Candidate {
  readonly name: string;
  readonly named: boolean;
  read(http: HttpFacts): WireText | null;
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

function headerCandidate(name: string): Candidate {
  return {
    name,
    named: true,
    read: ({ headers }) => {
      const value = fieldValue(headers, name);
      return value === null || matches(value, CACHE_NODE) ? null : value;
    },
  };
}

function cookieCandidate([name, pattern]: readonly [string, RegExp]): Candidate {
  return {
    name: `cookie ${name}`,
    named: true,
    read: ({ headers }) => {
      const line = fieldValues(headers, 'set-cookie').find((value) => matches(value, pattern));
      return line === undefined ? null : capture(line, pattern);
    },
  };
}

/** In order of preference among those that split alike. */
const CANDIDATES: readonly Candidate[] = [
  ...HEADERS.map(headerCandidate),
  ...COOKIES.map(cookieCandidate),
  {
    name: 'server-timing',
    named: false,
    read: ({ headers }) => {
      const members = listOf(headers, 'server-timing').map(memberOf);
      return members.map((member) => parameter(member, 'desc')).find((desc) => desc !== null) ?? null;
    },
  },
  // The member nearest to the origin comes first: RFC 9110 7.6.3.
  {
    name: 'via',
    named: false,
    read: ({ headers }) => {
      const [first] = listOf(headers, 'via');
      return first === undefined ? null : capture(first, /^\S+\s+(\S+)/);
    },
  },
  { name: 'etag', named: false, read: ({ headers }) => fieldValue(headers, 'etag') },
];

export interface Identification {
  readonly identifiedBy: string;
  /** The host of each answer, in the order given; null for an answer that names none. */
  readonly identities: readonly (WireText | null)[];
}

/**
 * The candidate that splits the answers best. Refused: one that most answers lack, and one with as many values as
 * answers, which is a request id and not a host. An ETag or a proxy's name that never changes says nothing about hosts.
 */
export function identify(answers: readonly HttpFacts[]): Identification | null {
  let best: { readonly found: Identification; readonly kinds: number } | null = null;
  for (const candidate of CANDIDATES) {
    const identities = answers.map((http) => candidate.read(http));
    const present = identities.filter((identity) => identity !== null);
    const kinds = new Set(present.map(textKey)).size;
    const usable = present.length >= 2 && present.length * 2 >= answers.length && kinds < present.length;
    if (!usable || (kinds === 1 && !candidate.named)) continue;
    if (best === null || kinds > best.kinds) best = { found: { identifiedBy: candidate.name, identities }, kinds };
  }
  return best?.found ?? null;
}
