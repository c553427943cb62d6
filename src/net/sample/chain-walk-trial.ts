// Owns the trial of the chain walk: once a process, in memory, before a chain is called "as sent". Touches no network.
// Never repairs a walk that fails: who asks must then say that the chain is unknown.
import { duplexPair } from 'node:stream';
import { connect, createSecureContext, TLSSocket } from 'node:tls';
import { fingerprintOf, type SentChain, walkChain } from './chain-walk.ts';
import { trialDer, trialKeyPem, trialPem } from './trial-chain.ts';

/** The trial takes a few milliseconds; a process that is stopped for longer is no reason to distrust it. */
const TIMEOUT_MS = 10_000;

let asSent: Promise<boolean> | null = null;

/** True when this Node gives certificates in the order of the wire. Tried at the first call, remembered afterwards. */
export function walkIsAsSent(): Promise<boolean> {
  asSent ??= tryWalk(walkChain);
  return asSent;
}

/** One handshake between two ends of a pipe, with a chain that is neither in order nor free of doubles and strangers. */
export function tryWalk(walk: (socket: TLSSocket) => SentChain): Promise<boolean> {
  const [here, there] = duplexPair();
  const server = new TLSSocket(there, {
    isServer: true,
    secureContext: createSecureContext({ cert: trialPem, key: trialKeyPem }),
  });
  const client = connect({ socket: here, rejectUnauthorized: false, requestOCSP: true });
  return new Promise((resolve) => {
    const end = (exact: boolean): void => {
      clearTimeout(timer);
      client.destroy();
      server.destroy();
      resolve(exact);
    };
    const timer = setTimeout(() => end(false), TIMEOUT_MS);
    server.on('error', () => end(false));
    client.on('error', () => end(false));
    // The same moment as in a sample.
    client.once('OCSPResponse', () => end(isExact(walk, client)));
    client.once('close', () => end(false));
  });
}

function isExact(walk: (socket: TLSSocket) => SentChain, client: TLSSocket): boolean {
  try {
    const { fingerprints } = walk(client);
    return fingerprints.join() === trialDer.map(fingerprintOf).join();
  } catch {
    return false;
  }
}
