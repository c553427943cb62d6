// Owns the TLS handshake of a sample: never resumed, never refused for what the certificate says, so that all of it is seen.
import type { Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { problem } from '../../model/problem.ts';
import type { Secret } from '../../model/secret.ts';
import type { DnsName } from '../../model/text.ts';
import type { TlsFacts } from '../../model/trace.ts';
import { UsageError } from '../../model/usage-error.ts';
import { NO_CHAIN, type SentChain, walkChain } from './chain-walk.ts';
import { problemOf } from './failure.ts';
import { runStep } from './step.ts';

export interface HandshakeOptions {
  readonly context: SecureContext;
  readonly servername: DnsName | null;
  readonly alpn: readonly string[];
  readonly timeoutMs: number;
}

/** Filled as the handshake goes on, so that what was learnt before a failure is kept. */
export interface Learnt {
  chain: SentChain;
  facts: TlsFacts | null;
}

/** One context for all samples: building one each costs more than the handshake's own arithmetic. @throws UsageError */
export function secureContext(
  caPem: readonly string[] | null,
  identity: { readonly certificatePem: string; readonly key: Secret } | null,
): SecureContext {
  try {
    return createSecureContext({
      ...(caPem === null ? {} : { ca: [...caPem] }),
      ...(identity === null ? {} : { cert: identity.certificatePem, key: identity.key.open() }),
      // Weak servers are to be seen and judged, not refused: level 0 admits SHA-1, MD5 and RSA-1024 (OpenSSL SSL_CTX_set_security_level).
      ciphers: 'DEFAULT@SECLEVEL=0',
      minVersion: 'TLSv1',
    });
  } catch (error) {
    const words = error instanceof Error ? error.message : 'not usable';
    throw new UsageError(
      `certificates or keys given for TLS cannot be used: ${words}`,
      'check the PEM files with openssl x509 and openssl pkey',
    );
  }
}

/** @throws StepFailure; `learnt` keeps what was seen until then */
export function handshake(
  socket: Socket,
  options: HandshakeOptions,
  learnt: Learnt,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { timeoutMs, servername, alpn, context } = options;
  return runStep({ step: 'tls', timeoutMs, onTimeout: 'tls-timeout', signal }, (done, fail) => {
    const secured = connect({
      ...{ socket, secureContext: context, rejectUnauthorized: false, ALPNProtocols: [...alpn] },
      // Asked for, so that the chain can be read before a server that wants our certificate hangs up (TLS 1.2).
      requestOCSP: true,
      ...(servername === null ? {} : { servername }),
      checkServerIdentity: () => undefined,
    });
    let stapled = false;
    secured.once('OCSPResponse', (response: Buffer | null) => {
      stapled = response !== null && response.byteLength > 0;
      if (learnt.chain === NO_CHAIN) learnt.chain = walkChain(secured);
    });
    // Both stay for the life of the socket; after the handshake the exchange has its own ears.
    secured.on('error', (error) => fail(problemOf(error, 'tls')));
    secured.once('close', () => fail(problem('closed', 'tls')));
    secured.once('secureConnect', () => {
      if (learnt.chain === NO_CHAIN) learnt.chain = walkChain(secured);
      learnt.facts = factsOf(secured, learnt.chain, servername, stapled);
      done(secured);
    });
    return undefined;
  });
}

function factsOf(socket: TLSSocket, chain: SentChain, servername: DnsName | null, ocspStapled: boolean): TlsFacts {
  const { standardName } = socket.getCipher();
  const group = socket.getEphemeralKeyInfo() as { readonly name?: string; readonly type?: string } | null;
  const error: unknown = socket.authorizationError;
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: standardName,
    group: group?.name ?? group?.type ?? null,
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : null,
    servername,
    chainSent: chain.fingerprints,
    verifyError: socket.authorized ? null : errorCode(error),
    ocspStapled,
  };
}

/** Node gives the code as a string or as an Error with one. */
function errorCode(error: unknown): string {
  if (typeof error === 'string') return error;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'UNSPECIFIED';
}
