// Owns one look at what a server presents: connect to the pinned address, STARTTLS where the protocol wants it, one handshake, the
// certificates as sent. Sends no request, and judges nothing.
import type { X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { type Problem, problem } from '../../model/problem.ts';
import type { Endpoint, Starttls } from '../../model/target.ts';
import type { DnsName } from '../../model/text.ts';
import type { Fingerprint, TlsFacts } from '../../model/trace.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import { NO_CHAIN } from '../sample/chain-walk.ts';
import { walkIsAsSent } from '../sample/chain-walk-trial.ts';
import { connectTo } from '../sample/connect.ts';
import { handshake, type Learnt, type Staple, secureContext } from '../sample/handshake.ts';
import { StepFailure } from '../sample/step.ts';
import { startTls } from '../starttls/start-tls.ts';

export interface LookOptions {
  /** Null: Node's root store. */
  readonly caPem: readonly string[] | null;
  /** Bound on each step: connect, STARTTLS, handshake. */
  readonly timeoutMs: number;
  readonly meter: Meter;
}

export interface Looked {
  /** From connect to the end of the handshake, or to the failure. */
  readonly durationMs: number;
  readonly facts: TlsFacts | null;
  readonly certificates: ReadonlyMap<Fingerprint, Uint8Array>;
  readonly staple: Staple | null;
  /** What OpenSSL made of them in the handshake. */
  readonly opened: ReadonlyMap<Fingerprint, X509Certificate>;
  readonly problem: Problem | null;
}

export interface LookWhere {
  readonly endpoint: Endpoint;
  readonly servername: DnsName | null;
  readonly starttls: Starttls | null;
  /** What XMPP opens its stream to. */
  readonly host: string;
}

/** Never rejects for what the world does. */
export type Look = (where: LookWhere, signal: AbortSignal) => Promise<Looked>;

/** What HTTPS servers are asked for; a server of another protocol that knows ALPN must refuse names it does not speak (RFC 7301 3.2). */
const HTTPS_ALPN = ['h2', 'http/1.1'];

export function alpnOf(port: number, starttls: Starttls | null): readonly string[] {
  return starttls === null && port === 443 ? HTTPS_ALPN : [];
}

/**
 * What OpenSSL offers by itself, but the key share is for X25519 alone: one for X25519MLKEM768 costs a fifth of the handshake's CPU and a
 * kilobyte, which some middleboxes drop. A server that wants another group asks for it (HelloRetryRequest, RFC 8446 4.1.4).
 */
const GROUPS = 'X25519:P-256:X448:P-521:P-384:?ffdhe2048:?ffdhe3072:?X25519MLKEM768';

/** @throws UsageError for roots that cannot be used */
export async function openLook(options: LookOptions): Promise<Look> {
  const context = secureContext(options.caPem, null, { ecdhCurve: GROUPS });
  const readsChain = await walkIsAsSent();
  return (where, signal) => lookOnce({ ...options, context, readsChain }, where, signal);
}

type Opened = LookOptions & { readonly context: SecureContext; readonly readsChain: boolean };

async function lookOnce(opened: Opened, where: LookWhere, signal: AbortSignal): Promise<Looked> {
  const { timeoutMs, context, readsChain, meter } = opened;
  const { endpoint, servername, starttls, host } = where;
  const startMs = now();
  const learnt: Learnt = { chain: NO_CHAIN, facts: null, staple: null };
  let failed: Problem | null = null;
  let close = (): void => undefined;
  try {
    const keep = (line: { destroy(): unknown; readonly bytesWritten: number; readonly bytesRead: number }): void => {
      close = () => {
        meter.add({ bytesSent: line.bytesWritten, bytesReceived: line.bytesRead });
        line.destroy();
      };
    };
    const { socket } = await connectTo(endpoint, timeoutMs, signal, keep, () => meter.add({ connections: 1 }));
    if (starttls !== null) await startTls(socket, { protocol: starttls, host, timeoutMs, signal });
    const alpn = alpnOf(endpoint.port, starttls);
    await handshake(socket, { context, servername, alpn, timeoutMs, readsChain }, learnt, signal);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    failed = error.problem;
  } finally {
    close();
  }
  const failure = failed ?? (readsChain ? null : problem('internal', 'tls'));
  const { facts, chain, staple } = learnt;
  const shown = { certificates: chain.certificates, opened: chain.opened, staple };
  return { durationMs: now() - startMs, facts, ...shown, problem: failure };
}
