// Owns the trial whether callers stay with their host by the affinity cookie: it is sent back a few times (`--infer`). Judges nothing.
import type { SampleWith } from '../../src/contract/net.ts';
import { type CookiePair, cookiePair } from '../../src/model/cookie.ts';
import type { Endpoint } from '../../src/model/target.ts';
import { sameText, type WireText } from '../../src/model/text.ts';
import type { RequestTrace } from '../../src/model/trace.ts';
import type { Stay } from './evidence.ts';
import { affinityLine, type Identification, readBy } from './identity.ts';

/** One after the other. By chance a second host of two would not be met in them once in 128. */
export const TRIES = 8;

interface Asked {
  readonly endpoint: Endpoint;
  /** Of the ride, in the order sent. */
  readonly traces: readonly RequestTrace[];
  readonly identification: Identification;
  readonly sampleWith: SampleWith;
  readonly signal: AbortSignal;
}

/** Null where no host that is known set a cookie that a client could send back. */
export async function tryToStay({
  endpoint,
  traces,
  identification,
  sampleWith,
  signal,
}: Asked): Promise<{ readonly stay: Stay; readonly requests: number } | null> {
  const given = setterOf(traces, identification);
  const sample = given === null ? null : sampleWith(given.pair);
  if (given === null || sample === null) return null;
  const tried: RequestTrace[] = [];
  for (let at = 0; at < TRIES && !signal.aborted; at++) tried.push(await sample(endpoint, at, signal));
  const identities = readBy(identification.identifiedBy, [...traces, ...tried]).slice(traces.length);
  const answered = identities.filter((_, at) => tried[at]?.http != null);
  const known = answered.filter((identity) => identity !== null);
  const same = known.filter((identity) => sameText(identity, given.host)).length;
  const stay = { cookie: given.cookie, answered: answered.length, same, other: known.length - same };
  return { stay, requests: tried.length };
}

interface Given {
  readonly cookie: string;
  readonly pair: CookiePair;
  /** Which set it. */
  readonly host: WireText;
}

/** The latest that was well: a host that is taken out keeps nobody. */
function setterOf(traces: readonly RequestTrace[], { identities }: Identification): Given | null {
  for (let at = traces.length - 1; at >= 0; at--) {
    const host = identities[at] ?? null;
    const http = traces[at]?.http ?? null;
    const isWell = http !== null && http.status < 500;
    const line = !isWell || host === null ? null : affinityLine(http);
    const pair = line === null ? null : cookiePair(line.line);
    if (line !== null && host !== null && pair !== null) return { cookie: line.cookie, pair, host };
  }
  return null;
}
