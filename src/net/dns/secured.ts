// Owns what the transports that keep a connection have in common: what is asked of them, and how often they may connect.
import type { SecureContext } from 'node:tls';
import type { CertificateLife, DnsQuestion } from '../../contract/net.ts';
import { problem } from '../../model/problem.ts';
import { type DnsName, type IpAddress, wireText } from '../../model/text.ts';
import type { PeerVerification } from '../../model/trace.ts';
import type { Meter } from '../meter.ts';
import type { Heard } from './udp.ts';

export interface SecuredAsking {
  readonly question: DnsQuestion;
  readonly edns: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface SecuredHeard {
  readonly heard: Heard;
  /** Of the connection on which it was heard; null when there was none. */
  readonly peer: Peer | null;
}

/** Who answers on a connection. */
export interface Peer {
  readonly verified: PeerVerification;
  /** Null when it cannot be read. */
  readonly certificate: CertificateLife | null;
}

/** One resolver over one kept connection, for as long as a journey takes. */
export interface SecuredTransport {
  /** Any number side by side. */
  ask(asking: SecuredAsking): Promise<SecuredHeard>;
  /** Ends what is under way; settles when no socket is left. */
  close(): Promise<void>;
}

export interface SecuredOptions {
  readonly context: () => SecureContext;
  readonly meter: Meter;
  /** Questions are padded: RFC 8467 4.1. */
  readonly padded: boolean;
  /** Address of a resolver that was given by its name; null when there is none. */
  readonly locate: (name: DnsName) => Promise<IpAddress | null>;
}

/** Connections to one resolver in one journey: one that hangs up after each answer is asked no more than this. */
export const MAX_CONNECTIONS = 32;

export function tooManyConnections(): Heard {
  const words = wireText(`the resolver closed ${MAX_CONNECTIONS} connections`);
  return { state: 'failed', problem: problem('dns-unreachable', 'resolve', words) };
}
