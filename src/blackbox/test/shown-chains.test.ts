// Holds what is taken for known of a server's chain to what it shows: another leaf or another number of certificates is seen at once.

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { fingerprintOf, type SentChain, walkChain } from '../../net/sample/chain-walk.ts';
import { lifeOf } from '../chain-life.ts';
import { chainShown, mayBeKept } from '../shown-chains.ts';
import { factsOf } from '../tls-state.ts';
import { listening } from './asking.ts';
import { identity } from './certified.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const END = '-----END CERTIFICATE-----\n';
const leafOf = (pem: string): string => pem.slice(0, pem.indexOf(END) + END.length);

async function shownBy(port: number, nowMs: number): Promise<{ readonly known: SentChain; readonly read: SentChain }> {
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, servername: 'here.example' });
  await once(socket, 'secureConnect');
  try {
    return { known: chainShown(`here.example ${port}`, socket, nowMs), read: walkChain(socket) };
  } finally {
    socket.destroy();
  }
}

async function serving(maxVersion: 'TLSv1.2' | 'TLSv1.3', given: { cert: string; key: string }) {
  const server: Server = createServer({ ...given, maxVersion }, (socket) => socket.on('error', () => undefined));
  const port = await listening(server);
  closing.push(() => server.close());
  return { port, use: (next: { cert: string; key: string }) => server.setSecureContext({ ...next, maxVersion }) };
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s a chain', (version) => {
  const [first, second] = [identity(), identity()];
  const alone = { ...first, cert: leafOf(first.cert) };
  const twice = { ...first, cert: first.cert + first.cert.slice(leafOf(first.cert).length) };

  test('that is shown again is not read again, for a minute', async () => {
    const { port } = await serving(version, first);
    const { known, read } = await shownBy(port, 0);
    expect(known.fingerprints).toEqual(read.fingerprints);
    expect([...known.certificates]).toEqual([...read.certificates]);
    expect((await shownBy(port, 59_000)).known).toBe(known);
    const later = (await shownBy(port, 61_000)).known;
    expect(later).not.toBe(known);
    expect(later.fingerprints).toEqual(known.fingerprints);
  });

  test.each([
    ['of another leaf', first, second],
    ['that lost its intermediate', first, alone],
    ['that got its intermediate', alone, first],
    ['with its intermediate twice', first, twice],
  ])('%s is seen at once', async (_name, before, after) => {
    const { port, use } = await serving(version, before);
    const old = (await shownBy(port, 0)).known;
    use(after);
    const { known, read } = await shownBy(port, 1);
    expect(known.fingerprints).toEqual(read.fingerprints);
    expect(known.fingerprints).not.toEqual(old.fingerprints);
  });
});

test('a chain of some kilobytes is known again, and one of a size that would fill the memory is not', () => {
  const leaf = new Uint8Array(new X509Certificate(identity().cert).raw);
  const chainWith = (bytes: number): SentChain => {
    const certificates = new Map([leaf, new Uint8Array(bytes)].map((der) => [fingerprintOf(der), der] as const));
    return { certificates, fingerprints: [...certificates.keys()], opened: new Map() };
  };
  const roots = (): readonly Uint8Array[] => none;
  for (const [sent, isKept] of [
    [chainWith(8000), true],
    [chainWith(16_384), false],
  ] as const) {
    expect(mayBeKept(sent)).toBe(isKept);
    const life = () => lifeOf({ sent, servername: '', roots }, 0);
    expect([factsOf(sent) === factsOf(sent), life() === life()]).toEqual([isKept, isKept]);
    expect(life()?.leafUntil).toBe(factsOf(sent).earliestExpiry);
  }
});

const none: readonly Uint8Array[] = [];
