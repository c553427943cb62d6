// Owns the tests of the chain walk and its trial: this Node gives certificates as sent, and a walk that does not is noticed.
// Never leaves this machine.
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { fingerprintOf, NO_CHAIN, type SentChain, walkChain } from '../chain-walk.ts';
import { tryWalk, walkIsAsSent } from '../chain-walk-trial.ts';
import { handshake, type Learnt, secureContext } from '../handshake.ts';
import { trialDer } from '../trial-chain.ts';
import { rootPem, startTls } from './servers.ts';

test('this Node gives the certificates as sent', async () => {
  expect(await walkIsAsSent()).toBe(true);
  expect(walkIsAsSent()).toBe(walkIsAsSent());
});

test('the trial chain is what it has to be: a double, issuers out of order, a stranger, valid beyond any use', () => {
  const [leaf, double, i2, i1, stranger] = trialDer.map((der) => new X509Certificate(der));
  expect(double?.raw).toEqual(leaf?.raw);
  expect(leaf?.checkIssued(i1 as X509Certificate)).toBe(true);
  expect(i1?.checkIssued(i2 as X509Certificate)).toBe(true);
  expect([leaf, i1, i2].some((one) => one?.checkIssued(stranger as X509Certificate))).toBe(false);
  for (const one of [leaf, i1, i2, stranger]) expect(one?.validToDate.getUTCFullYear()).toBe(2099);
});

/** What `getPeerCertificate(true)` would give: linked by issuer, doubles and strangers gone. */
function byIssuer(socket: TLSSocket): SentChain {
  const fingerprints: string[] = [];
  let at = socket.getPeerCertificate(true);
  while (!fingerprints.includes(fingerprintOf(at.raw))) {
    fingerprints.push(fingerprintOf(at.raw));
    if (at.issuerCertificate !== undefined) at = at.issuerCertificate;
  }
  return { ...NO_CHAIN, fingerprints };
}

const changed =
  (change: (sent: readonly string[]) => readonly string[]) =>
  (socket: TLSSocket): SentChain => ({
    ...walkChain(socket),
    fingerprints: change(walkChain(socket).fingerprints),
  });

test.for<[string, (socket: TLSSocket) => SentChain]>([
  ['nothing', () => NO_CHAIN],
  ['the leaf alone', changed((sent) => sent.slice(0, 1))],
  ['the list without its last', changed((sent) => sent.slice(0, -1))],
  ['the list sorted', changed((sent) => sent.toSorted())],
  ['the list reversed', changed((sent) => sent.toReversed())],
  ['the list without doubles', changed((sent) => [...new Set(sent)])],
  ['one certificate too many', changed((sent) => [...sent, ...sent.slice(0, 1)])],
  ['the list linked by issuer', byIssuer],
  [
    'an exception',
    () => {
      throw new Error('no such method');
    },
  ],
])('a walk that gives %s is noticed', async ([, walk]) => {
  expect(await tryWalk(walk)).toBe(false);
});

test('where the walk is not to be trusted, nothing is said about the certificates, and the handshake is the same', async () => {
  await using server = await startTls(() => undefined);
  const socket = connect({ host: server.address, port: server.port });
  const learnt: Learnt = { chain: NO_CHAIN, facts: null, staple: null };
  const context = secureContext([rootPem], null);
  const options = { context, servername: null, alpn: ['http/1.1'], timeoutMs: 10_000, readsChain: false };
  const secured = await handshake(socket, options, learnt, new AbortController().signal);
  expect([secured.alpnProtocol, learnt]).toEqual(['http/1.1', { chain: NO_CHAIN, facts: null, staple: null }]);
  secured.destroy();
});
