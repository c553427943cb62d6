// Owns the handshakes beside the ride: a few with each endpoint, one after another, what tells most first. Judges nothing.

import { X509Certificate } from 'node:crypto';
import type { Handshake, HandshakeOffer, HandshakeReply, TlsSession } from '../../../src/contract/handshake.ts';
import type { GatherContext } from '../../../src/contract/probe.ts';
import type { Endpoint } from '../../../src/model/target.ts';
import type { DnsName, EndpointId } from '../../../src/model/text.ts';
import { readCertificate } from '../../../src/x509/certificate.ts';
import { trustStore } from '../../../src/x509/trust-store.ts';
import type { LookKind } from '../evidence-ends.ts';

/** With one endpoint; with all of them together. */
const MAX_EACH = 8;
const MAX_TOGETHER = 48;
/** Between two handshakes with one endpoint, ms. */
const PAUSE_MS = 20;
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

/** @param keyTypesOnly nothing but the certificate of the other key type. Endpoints in their order; those past the bound are left out. What was under way when the signal aborts is not told. */
export async function lookEnds(
  { endpoints, signal, trustedRoots }: Pick<GatherContext<unknown>, 'endpoints' | 'signal' | 'trustedRoots'>,
  handshake: Handshake,
  keyTypesOnly = false,
): Promise<readonly LookedAt[]> {
  const chosen = endpoints.slice(0, MAX_TOGETHER);
  const each = Math.min(MAX_EACH, Math.floor(MAX_TOGETHER / Math.max(1, chosen.length)));
  const lines = chosen.map((endpoint) => openLine(endpoint, { handshake, left: each, signal }));
  await Promise.all(lines.map((line) => line.ask('as-ride', {})));
  const donor = lines.find((line) => sessionOf(line) !== null);
  await Promise.all(lines.map((line) => askOn(line, { donor, trustedRoots, keyTypesOnly })));
  return lines.map(({ endpoint, looked }) => ({ endpoint: endpoint.id, looked }));
}

interface Line {
  readonly endpoint: Endpoint;
  readonly looked: Looked[];
  ask(kind: LookKind, offer: HandshakeOffer, lender?: EndpointId): Promise<void>;
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
    async ask(kind, offer, lender) {
      if (looked.length >= left || signal.aborted) return;
      if (looked.length > 0) await pause(signal);
      if (signal.aborted) return;
      const reply = await handshake(endpoint, offer, signal);
      if (reply.problem?.code !== 'cancelled') looked.push({ kind, sessionOf: lender ?? null, reply });
    },
  };
}

interface Given {
  readonly donor: Line | undefined;
  readonly trustedRoots: GatherContext<unknown>['trustedRoots'] | undefined;
  readonly keyTypesOnly: boolean;
}

/** Who did not shake hands as in the ride is asked nothing more. */
async function askOn(line: Line, { donor, trustedRoots, keyTypesOnly }: Given): Promise<void> {
  const [first] = line.looked;
  const { facts = null, problem = null } = first?.reply ?? {};
  if (facts === null || problem !== null) return;
  const twin = otherKeyType(first?.reply);
  if (keyTypesOnly) return twin === null ? undefined : askForTwin(line, twin, trustedRoots);
  const own = sessionOf(line);
  const lent = donor === undefined || donor === line ? null : sessionOf(donor);
  if (lent !== null) await line.ask('elsewhere', { resume: lent }, donor?.endpoint.id);
  if (own !== null) await line.ask('again', { resume: own });
  if (twin !== null) await askForTwin(line, twin, trustedRoots);
  await line.ask('unknown-name', { servername: UNKNOWN, noTickets: true });
  if (facts.servername !== null) await line.ask('no-name', { servername: null, noTickets: true });
  await line.ask('as-ride', {});
  await line.ask('as-ride', {});
}

/** Once more when there is one, so that OpenSSL says whether it trusts it: only the roots that it may lead to are read. */
async function askForTwin(line: Line, keyType: 'rsa' | 'ecdsa', trustedRoots: Given['trustedRoots']): Promise<void> {
  const asked = line.looked.length;
  await line.ask(keyType, { keyType, noTickets: true });
  const shown = line.looked[asked]?.reply;
  const roots = shown === undefined || trustedRoots === undefined ? [] : rootsAbove(shown, trustedRoots());
  if (roots.length > 0) await line.ask(keyType, { keyType, noTickets: true, roots });
}

const MAX_ROOTS = 8;

function rootsAbove({ facts, certificates }: HandshakeReply, all: readonly Uint8Array[]): readonly Uint8Array[] {
  const store = trustStore(all);
  const sent = [...new Set(facts?.chainSent)].slice(0, MAX_ROOTS);
  const above = sent.flatMap((fingerprint) => {
    const der = certificates.get(fingerprint);
    const issuer = der === undefined ? null : readCertificate(der).issuer;
    return issuer === null ? [] : store.named(issuer);
  });
  return [...new Map(above.map((root) => [root.fingerprint, root.der])).values()].slice(0, MAX_ROOTS);
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
