// Holds what is taken for known of a server's chain to what it shows: another leaf or another number of certificates is seen at once.
import { once } from 'node:events';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { type SentChain, walkChain } from '../../net/sample/chain-walk.ts';
import { chainShown } from '../shown-chains.ts';
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
