// Owns the TLS handshake of a sample: resumed only where that is asked for, never refused for what the certificate says, so that all of it is seen.
import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls';
import { problem } from '../../model/problem.ts';
import type { Secret } from '../../model/secret.ts';
import type { DnsName } from '../../model/text.ts';
import type { Fingerprint, TlsFacts } from '../../model/trace.ts';
import { UsageError } from '../../model/usage-error.ts';
import { wasReset } from '../tcp-info.ts';
import { fingerprintOf, NO_CHAIN, type SentChain, walkChain } from './chain-walk.ts';
import { problemOf } from './failure.ts';
import { runStep } from './step.ts';

export interface HandshakeOptions {
  readonly context: SecureContext;
  readonly servername: DnsName | null;
  readonly alpn: readonly string[];
  readonly timeoutMs: number;
  /** False when this Node does not give certificates as they were sent: then nothing is said about them at all. */
  readonly readsChain: boolean;
  /** Of an earlier handshake, to be taken up again. Absent: never resumed. */
  readonly session?: Buffer;
  /** Before anything is sent, for those with more ears. */
  readonly onSocket?: (socket: TLSSocket) => void;
}

/** Filled as the handshake goes on, so that what was learnt before a failure is kept. */
export interface Learnt {
  chain: SentChain;
  facts: TlsFacts | null;
  /** The stapled OCSP response. */
  staple: Staple | null;
}

export interface Staple {
  readonly fingerprint: Fingerprint;
  readonly der: Uint8Array;
}

/** Real ones have 300 bytes to 3 KiB. A larger one is not kept: it cannot be a single answer. */
const MAX_STAPLE_BYTES = 16_384;

interface Identity {
  readonly certificatePem: string;
  readonly key: Secret;
}

/** More are let go, the one longest ago first. */
const MOST_KEPT = 16;
/** By the roots, without a certificate of ours; and by that certificate. */
const kept = new Map<string, SecureContext>();
const keptByIdentity = new WeakMap<Identity, Map<string, SecureContext>>();

/**
 * One context for all samples of all rides with the same roots: a system's own are half a megabyte each time, and take longer to read than the
 * handshake's own arithmetic. @throws UsageError
 */
export function sharedContext(caPem: readonly string[] | null, identity: Identity | null): SecureContext {
  const among = identity === null ? kept : (keptByIdentity.get(identity) ?? new Map<string, SecureContext>());
  if (identity !== null) keptByIdentity.set(identity, among);
  const key = caPem === null ? '' : caPem.length === 1 ? `${caPem[0]}` : JSON.stringify(caPem);
  const context = among.get(key) ?? secureContext(caPem, identity);
  among.delete(key);
  among.set(key, context);
  if (among.size > MOST_KEPT) among.delete(among.keys().next().value ?? '');
  return context;
}

/** @throws UsageError */
export function secureContext(
  caPem: readonly string[] | null,
  identity: Identity | null,
  offered: Pick<SecureContextOptions, 'ciphers' | 'sigalgs' | 'ecdhCurve' | 'minVersion' | 'maxVersion'> = {},
): SecureContext {
  try {
    for (const pem of caPem ?? []) checkRoots(pem);
    return createSecureContext({
      ...(caPem === null ? {} : { ca: [...caPem] }),
      ...(identity === null ? {} : { cert: identity.certificatePem, key: identity.key.open() }),
      // Weak servers are to be seen and judged, not refused: level 0 admits SHA-1, MD5 and RSA-1024 (OpenSSL SSL_CTX_set_security_level).
      ciphers: 'DEFAULT@SECLEVEL=0',
      minVersion: 'TLSv1',
      ...offered,
    });
  } catch (error) {
    const words = error instanceof Error ? error.message : 'not usable';
    throw new UsageError(
      `certificates or keys given for TLS cannot be used: ${words}`,
      'check the PEM files with openssl x509 and openssl pkey',
    );
  }
}

const PEM_CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g;
/** More than a person puts together: a distribution's bundle, of which only the first is tried (50 microseconds each). */
const BUNDLE = 32;

/** Node leaves out what it cannot read, and then trusts nothing: every chain would be called untrusted. @throws Error */
function checkRoots(pem: string): void {
  const starts = [...pem.matchAll(PEM_CERTIFICATE)].map(({ index }) => index);
  const tried = starts.slice(0, starts.length > BUNDLE ? 1 : BUNDLE);
  const read = tried.map((start, at) => new X509Certificate(pem.slice(start, starts[at + 1])));
  if (read.length === 0) throw new Error('no certificate in the roots');
}

/** @throws StepFailure; `learnt` keeps what was seen until then */
export function handshake(
  socket: Socket,
  options: HandshakeOptions,
  learnt: Learnt,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { timeoutMs, servername, alpn, context, readsChain, session, onSocket } = options;
  return runStep({ step: 'tls', timeoutMs, onTimeout: 'tls-timeout', signal }, (done, fail) => {
    const secured = connect({
      ...{ socket, secureContext: context, rejectUnauthorized: false, ALPNProtocols: [...alpn] },
      // Asked for, so that the chain can be read before a server that wants our certificate hangs up (TLS 1.2).
      requestOCSP: true,
      ...(servername === null ? {} : { servername }),
      ...(session === undefined ? {} : { session }),
      checkServerIdentity: () => undefined,
    });
    onSocket?.(secured);
    // The check above looks at nothing, but Node would read the whole chain into objects for it: a third of the handshake's CPU.
    secured.getPeerCertificate = () => ({}) as never;
    const learn = (stapled: boolean, verifyError: string | null): void => {
      if (!readsChain) return;
      if (learnt.chain === NO_CHAIN) learnt.chain = walkChain(secured);
      learnt.facts = factsOf(secured, {
        servername,
        chainSent: learnt.chain.fingerprints,
        stapled,
        verifyError,
        staple: learnt.staple,
      });
    };
    let stapled = false;
    // Comes with the certificates, before the handshake is over: what it shows is kept when the rest fails.
    secured.once('OCSPResponse', (response: Buffer | null) => {
      stapled = response !== null && response.byteLength > 0;
      if (response !== null && stapled && response.byteLength <= MAX_STAPLE_BYTES) {
        learnt.staple = { fingerprint: fingerprintOf(response), der: Uint8Array.from(response) };
      }
      const verdict = earlyVerdict(secured);
      if (verdict !== undefined) learn(stapled, verdict);
    });
    // Before Node's own ear, which destroys the socket and calls every end a hang-up: the hello itself may have met the reset.
    secured.prependOnceListener('end', () => {
      if (wasReset(socket)) fail(problem('reset', 'tls'));
    });
    // Both stay for the life of the socket; after the handshake the exchange has its own ears.
    secured.on('error', (error) => fail(problemOf(error, 'tls')));
    secured.once('close', () => fail(problem('closed', 'tls')));
    secured.once('secureConnect', () => {
      Reflect.deleteProperty(secured, 'getPeerCertificate');
      learn(stapled, secured.authorized ? null : errorCode(secured.authorizationError));
      done(secured);
    });
  });
}

type Seen = Pick<TlsFacts, 'servername' | 'chainSent' | 'verifyError'> & {
  readonly stapled: boolean;
  readonly staple: Staple | null;
};

function factsOf(socket: TLSSocket, { servername, chainSent, verifyError, stapled, staple }: Seen): TlsFacts {
  // Before TLS 1.3 there is no cipher while the handshake runs, whatever the types say.
  const cipher = socket.getCipher() as { readonly standardName: string } | undefined;
  const group = socket.getEphemeralKeyInfo() as { readonly name?: string; readonly type?: string } | null;
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: cipher?.standardName ?? 'unknown',
    group: group?.name ?? group?.type ?? null,
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : null,
    servername,
    chainSent,
    verifyError,
    ocspStapled: stapled,
    ...(staple === null ? {} : { ocspResponse: staple.fingerprint }),
  };
}

/** OpenSSL's verdict within the handshake, null for trusted. Undefined when this Node has no such door: then nothing may be claimed. */
function earlyVerdict(socket: TLSSocket): string | null | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly verifyError?: unknown } | null };
  if (typeof handle?.verifyError !== 'function') return undefined;
  const error: unknown = handle.verifyError();
  return error === null || error === undefined ? null : errorCode(error);
}

/** Node gives the code as a string or as an Error with one. */
function errorCode(error: unknown): string {
  if (typeof error === 'string') return error;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'UNSPECIFIED';
}
