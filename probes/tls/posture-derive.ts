// Owns what several checks read out of the posture record, and when nothing of it can be judged. Pure.
import type { Given, Judged } from '../../src/contract/check.ts';
import { enumeration, type Pointer, pointer } from '../../src/model/finding.ts';
import type { TlsEvidence } from './evidence.ts';
import type { PostureEndpoint, Thorough } from './evidence-posture.ts';
import type { TlsPolicy } from './options.ts';
import { protocolWords } from './posture-words.ts';

/** One endpoint that was asked, and where it stands in the journey. */
export interface PlacedPosture {
  readonly asked: PostureEndpoint;
  readonly at: Pointer;
}

/** Endpoints that took at least one hello. */
export function answering({ posture }: TlsEvidence): readonly PlacedPosture[] {
  return (posture?.byEndpoint ?? [])
    .map((asked, index) => ({ asked, at: pointer('evidence', 'tls', 'posture', 'byEndpoint', index) }))
    .filter(({ asked }) => offeredBy(asked).length > 0);
}

/** Null when there is something to judge. */
export function nothingAsked(tls: TlsEvidence, { target }: Given<TlsPolicy>): Judged | null {
  if (target.scheme === 'http') return { outcome: 'not-applicable', because: 'the target is plain http' };
  if (tls.posture === undefined)
    return { outcome: 'not-applicable', because: 'the journey sent no hellos of its own (--no-tls-survey)' };
  if (answering(tls).length > 0) return null;
  return { outcome: 'not-judged', because: 'no endpoint took any hello of the survey' };
}

/** The one endpoint that was asked everything. */
export function askedEverything(tls: TlsEvidence): (PlacedPosture & { readonly thorough: Thorough }) | null {
  const found = answering(tls).find(({ asked }) => asked.thorough !== null);
  return found === undefined || found.asked.thorough === null ? null : { ...found, thorough: found.asked.thorough };
}

/** Nothing was told of it: with the reason why the survey of the endpoint ended early. */
export function notTold(what: string, { cutShort }: PostureEndpoint): Judged {
  return { outcome: 'not-judged', because: `${what} is not known${cutShort === null ? '' : `: ${cutShort}`}` };
}

/** Protocols that are offered, the newest first. */
export function offeredBy({ protocols }: PostureEndpoint): readonly string[] {
  return protocols.filter(({ offered }) => offered === true).map(({ protocol }) => protocol);
}

export function offers({ protocols }: PostureEndpoint, protocol: string): boolean | null {
  return protocols.find((one) => one.protocol === protocol)?.offered ?? null;
}

/** True when nothing is said in the clear: TLS 1.3 and nothing else. */
export function isNewestOnly(asked: PostureEndpoint): boolean {
  return offeredBy(asked).every((protocol) => protocol === 'TLSv1.3');
}

/** `TLS 1.0, TLS 1.1 and TLS 1.2`, the oldest first. */
export function protocolList(protocols: readonly string[]): string {
  return listed(protocols.toReversed().map(protocolWords));
}

export function listed(words: readonly string[]): string {
  return enumeration(words).join('');
}

/** All ciphers of TLS 1.2 and older that the endpoint took. */
export function olderCiphers({ thorough, weakCipher }: PostureEndpoint): readonly string[] {
  const lists = (thorough?.ciphers ?? []).filter(({ protocol }) => protocol !== 'TLSv1.3');
  const weak = weakCipher.offered === true && weakCipher.cipher !== null ? [weakCipher.cipher] : [];
  return [...new Set([...lists.flatMap(({ names }) => names), ...weak])];
}
