// Owns the handshakes beside the ride: a few with each endpoint, one after another, what tells most first. Judges nothing.

import { X509Certificate } from 'node:crypto';
import type { Handshake, HandshakeOffer, HandshakeReply, TlsSession } from '../../../src/contract/handshake.ts';
import type { GatherContext } from '../../../src/contract/probe.ts';
import type { Endpoint } from '../../../src/model/target.ts';
import type { DnsName, EndpointId } from '../../../src/model/text.ts';
import type { LookKind } from '../evidence-ends.ts';

/** With one endpoint; with all of them together. */
const MAX_EACH = 8;
const MAX_TOGETHER = 48;
/** Between two handshakes with one endpoint, ms. */
const PAUSE_MS = 50;
/** Nobody has a name under it: RFC 6761 6.4. */
const UNKNOWN = 'no-such-name.invalid' as DnsName;

export interface Looked {
  readonly kind: LookKind;
  readonly sessionOf: EndpointId | null;
  readonly reply: HandshakeReply;
}

export interface LookedAt {
  readonly endpoint: EndpointId;
  readonly looked: readonly Looked[];
}

/** Endpoints in their order; those past the bound are left out. What was under way when the signal aborts is not told. */
export async function lookEnds(
  { endpoints, signal }: Pick<GatherContext<unknown>, 'endpoints' | 'signal'>,
  handshake: Handshake,
): Promise<readonly LookedAt[]> {
  const chosen = endpoints.slice(0, MAX_TOGETHER);
  const each = Math.min(MAX_EACH, Math.floor(MAX_TOGETHER / Math.max(1, chosen.length)));
  const lines = chosen.map((endpoint) => openLine(endpoint, { handshake, left: each, signal }));
  await Promise.all(lines.map((line) => line.ask('as-ride', {})));
  const donor = lines.find((line) => sessionOf(line) !== null);
  await Promise.all(lines.map((line) => askOn(line, donor)));
  return lines.map(({ endpoint, looked }) => ({ endpoint: endpoint.id, looked }));
}

interface Line {
  readonly endpoint: Endpoint;
  readonly looked: Looked[];
  ask(kind: LookKind, offer: HandshakeOffer, sessionOf?: EndpointId): Promise<void>;
}

interface LineOptions {
  readonly handshake: Handshake;
  readonly left: number;
  readonly signal: AbortSignal;
}

function openLine(endpoint: Endpoint, { handshake, left, signal }: LineOptions): Line {
  const looked: Looked[] = [];
  return {
    ...{ endpoint, looked },
    async ask(kind, offer, sessionOf) {
      if (looked.length >= left || signal.aborted) return;
      if (looked.length > 0) await pause(signal);
      if (signal.aborted) return;
      const reply = await handshake(endpoint, offer, signal);
      if (reply.problem?.code !== 'cancelled') looked.push({ kind, sessionOf: sessionOf ?? null, reply });
    },
  };
}

/** Who did not shake hands as in the ride is asked nothing more. */
async function askOn(line: Line, donor: Line | undefined): Promise<void> {
  const [first] = line.looked;
  const { facts = null, problem = null } = first?.reply ?? {};
  if (facts === null || problem !== null) return;
  const own = sessionOf(line);
  const lent = donor === undefined || donor === line ? null : sessionOf(donor);
  if (lent !== null) await line.ask('elsewhere', { resume: lent }, donor?.endpoint.id);
  if (own !== null) await line.ask('again', { resume: own });
  const twin = otherKeyType(first?.reply);
  if (twin !== null) await line.ask(twin, { keyType: twin, noTickets: true });
  await line.ask('unknown-name', { servername: UNKNOWN, noTickets: true });
  if (facts.servername !== null) await line.ask('no-name', { servername: null, noTickets: true });
  await line.ask('as-ride', {});
  await line.ask('as-ride', {});
}

function sessionOf({ looked }: Line): TlsSession | null {
  return looked[0]?.reply.session ?? null;
}

/** Null for a certificate of neither type, or that cannot be read. */
function otherKeyType(reply: HandshakeReply | undefined): 'rsa' | 'ecdsa' | null {
  const der = reply?.certificates.get(reply.facts?.chainSent[0] ?? '');
  if (der === undefined) return null;
  try {
    const type = new X509Certificate(der).publicKey.asymmetricKeyType ?? '';
    if (type === 'ec') return 'rsa';
    return type.startsWith('rsa') ? 'ecdsa' : null;
  } catch {
    return null;
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, PAUSE_MS);
    signal.addEventListener('abort', done, { once: true });
  });
}
