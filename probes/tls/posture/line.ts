// Owns the asking of one endpoint: one hello after another, bounded in number and pace, given up when they are cut off in a row.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hello, HelloChoice, HelloOffer } from '../../../src/contract/hello.ts';
import type { Endpoint } from '../../../src/model/target.ts';

/** Begins of two hellos to one endpoint are at least this far apart: no server takes that for a flood, and no ride becomes longer by it. */
const APART_MS = 5;
/** Who cuts off so many in a row has had enough: a firewall, or a guard that counts unfinished handshakes. */
const MAX_CUT_OFF = 3;
const NO_APPLICATION_PROTOCOL = 120;

export type Told =
  | { readonly kind: 'chosen'; readonly choice: HelloChoice }
  | { readonly kind: 'refused'; readonly alert: number }
  /** Closed or reset without a word: how some balancers refuse. */
  | { readonly kind: 'dropped' }
  /** Not asked, or no answer. */
  | { readonly kind: 'unknown' };

export interface Line {
  ask(offer: HelloOffer): Promise<Told>;
  /** Hellos that it may still send. */
  left(): number;
  sent(): number;
  /** Allows so many more. */
  grant(hellos: number): void;
  /** True when it was given up: what was dropped was no refusal then. */
  isCutOff(): boolean;
  /** Why fewer were sent than meant; null when none is missing. */
  cutShort(): string | null;
  readonly endpoint: Endpoint;
}

/** True where ALPN is not what is asked about. */
function isGeneral({ alpn = [] }: HelloOffer): boolean {
  return alpn.length > 1;
}

const UNKNOWN: Told = { kind: 'unknown' };

export interface LineContext {
  readonly hello: Hello;
  readonly hellos: number;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

export function openLine(endpoint: Endpoint, { hello, hellos, now, signal }: LineContext): Line {
  let allowed = hellos;
  let sent = 0;
  let cutOff = 0;
  let unreached: string | null = null;
  let missing = false;
  let lastMs = Number.NEGATIVE_INFINITY;
  let speaksOther = false;
  const ask = async (offer: HelloOffer): Promise<Told> => {
    const told = await askOnce(speaksOther && isGeneral(offer) ? { ...offer, alpn: [] } : offer);
    // RFC 7301 3.2: a server of another protocol must refuse names that it does not speak; that says nothing of the rest.
    if (told.kind !== 'refused' || told.alert !== NO_APPLICATION_PROTOCOL || !isGeneral(offer)) return told;
    speaksOther = true;
    // Once an endpoint: the same question, not one more.
    allowed += 1;
    return askOnce({ ...offer, alpn: [] });
  };
  const askOnce = async (offer: HelloOffer): Promise<Told> => {
    if (unreached !== null || cutOff >= MAX_CUT_OFF) return UNKNOWN;
    if (sent >= allowed || signal.aborted) {
      missing = true;
      return UNKNOWN;
    }
    const waitMs = lastMs + APART_MS - now();
    if (waitMs > 0) await sleep(waitMs);
    lastMs = now();
    sent += 1;
    const attempt = await hello(endpoint, offer, signal);
    if (attempt.state === 'complete') {
      cutOff = 0;
      const { value } = attempt;
      return value.kind === 'chosen' ? value : { kind: 'refused', alert: value.alert };
    }
    if (attempt.state !== 'failed') {
      missing = true;
      return UNKNOWN;
    }
    const { step, code } = attempt.problem;
    // Who cannot be connected to need not be asked again.
    if (step === 'connect' && sent === 1) unreached = 'the endpoint was not reached';
    else if (code === 'not-tls') unreached = 'the endpoint does not speak TLS';
    cutOff += 1;
    return code === 'closed' || code === 'reset' ? { kind: 'dropped' } : UNKNOWN;
  };
  return {
    ask,
    endpoint,
    left: () => Math.max(0, allowed - sent),
    sent: () => sent,
    grant(more) {
      allowed += more;
    },
    isCutOff: () => cutOff >= MAX_CUT_OFF,
    cutShort() {
      if (unreached !== null) return unreached;
      if (cutOff >= MAX_CUT_OFF) return `${MAX_CUT_OFF} hellos in a row were cut off`;
      if (!missing) return null;
      return signal.aborted ? 'the time was over' : `the bound of ${allowed} hellos was reached`;
    },
  };
}
