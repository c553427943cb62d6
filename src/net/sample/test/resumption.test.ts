// What a sample's hello offers to take up again: nothing, however often the server was met, by either clock; and one secure context for all.
import { syncBuiltinESMExports } from 'node:module';
import { connect as connectTcp, type Socket } from 'node:net';
import tls, { connect, type TlsOptions } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openLibc } from '../../libc/open.ts';
import { openSampler } from '../sampler.ts';
import { endpointFor, optionsFor, outcomeOf } from './riding.ts';
import { ADDRESS, answering, startTcp, startTls, type TestServer } from './servers.ts';

const { libc } = await openLibc();
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
/** RFC 8446 4.2, RFC 5077 3.2. */
const [PRE_SHARED_KEY, SESSION_TICKET] = [41, 35];

interface Offer {
  readonly sessionId: string;
  readonly ticketBytes: number;
  readonly hasPreSharedKey: boolean;
}

/** RFC 8446 4.1.2, of a hello in one record. */
function offerOf(record: Buffer): Offer {
  let at = 5 + 4 + 2 + 32;
  const skip = (lengthBytes: 1 | 2): Buffer => {
    const length = record.readUIntBE(at, lengthBytes);
    const body = record.subarray(at + lengthBytes, at + lengthBytes + length);
    at += lengthBytes + length;
    return body;
  };
  const sessionId = skip(1).toString('hex');
  skip(2);
  skip(1);
  const end = at + 2 + record.readUInt16BE(at);
  at += 2;
  const extensions = new Map<number, Buffer>();
  while (at < end) {
    const type = record.readUInt16BE(at);
    at += 2;
    extensions.set(type, skip(2));
  }
  return {
    sessionId,
    ticketBytes: extensions.get(SESSION_TICKET)?.byteLength ?? 0,
    hasPreSharedKey: extensions.has(PRE_SHARED_KEY),
  };
}

/** Hands everything on to a TLS server, and keeps what each hello offers. */
async function startRelay(options: TlsOptions) {
  const resumed: boolean[] = [];
  const server = await startTls((socket) => {
    resumed.push(socket.isSessionReused());
    answering(OK)(socket);
  }, options);
  const offers: Offer[] = [];
  const relay = await startTcp((socket: Socket) => {
    const behind = connectTcp({ host: ADDRESS, port: server.port });
    behind.on('error', () => undefined).on('close', () => socket.destroy());
    socket.on('close', () => behind.destroy());
    const heard: Buffer[] = [];
    const hear = (chunk: Buffer): void => {
      heard.push(chunk);
      const all = Buffer.concat(heard);
      if (all.byteLength < 5 || all.byteLength < 5 + all.readUInt16BE(3)) return;
      socket.off('data', hear);
      offers.push(offerOf(all));
    };
    socket.on('data', hear).pipe(behind);
    behind.pipe(socket);
  });
  onTestFinished(async () => {
    await relay[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  return { relay, offers, resumed };
}

async function sampleThrice(relay: TestServer, clock: 'kernel' | 'loop'): Promise<readonly string[]> {
  const sampler = await openSampler(optionsFor(relay, { clock }));
  onTestFinished(() => sampler.close());
  const outcomes: string[] = [];
  for (let at = 0; at < 3; at++)
    outcomes.push(outcomeOf((await sampler.sample(endpointFor(relay), at, new AbortController().signal)).trace));
  return outcomes;
}

const SERVERS = [
  ['tickets of TLS 1.3', { minVersion: 'TLSv1.3' }],
  ['tickets of TLS 1.2', { maxVersion: 'TLSv1.2' }],
] as const;

describe.each(SERVERS)('a server that gives %s', (_, options) => {
  test.for(['loop', 'kernel'] as const)('is offered none of them again, by the clock %s', async (clock, { skip }) => {
    if (clock === 'kernel' && libc === null) skip();
    const { relay, offers, resumed } = await startRelay(options);
    expect(await sampleThrice(relay, clock)).toEqual(['200', '200', '200']);
    expect(resumed).toEqual([false, false, false]);
    expect(offers.map(({ ticketBytes, hasPreSharedKey }) => [ticketBytes, hasPreSharedKey])).toEqual(
      Array.from({ length: 3 }, () => [0, false]),
    );
    // Without a session they are of random bytes or empty (RFC 8446 D.4).
    const ids = offers.map(({ sessionId }) => sessionId).filter((id) => id !== '');
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('would be seen to be offered them', async () => {
    const { relay, offers, resumed } = await startRelay(options);
    const meet = async (session?: Buffer): Promise<Buffer | null> => {
      const given = Promise.withResolvers<Buffer | null>();
      const socket = connect({
        host: ADDRESS,
        port: relay.port,
        rejectUnauthorized: false,
        ...(session && { session }),
      });
      socket.on('error', given.reject).on('session', given.resolve);
      // Behind the ticket, if one is given.
      socket.once('data', () => given.resolve(null));
      socket.write('GET / HTTP/1.1\r\n\r\n');
      const ticket = await given.promise;
      socket.destroy();
      return ticket;
    };
    const ticket = await meet();
    if (ticket === null) throw new Error('no ticket was given');
    await meet(ticket);
    await vi.waitFor(() => expect(resumed).toEqual([false, true]));
    expect(offers[1]?.hasPreSharedKey === true || (offers[1]?.ticketBytes ?? 0) > 0).toBe(true);
  });
});

test('one secure context serves all samples, and those of the next ride', async () => {
  const { relay } = await startRelay({});
  const made = vi.spyOn(tls, 'createSecureContext');
  syncBuiltinESMExports();
  onTestFinished(() => {
    made.mockRestore();
    syncBuiltinESMExports();
  });
  // The server's own, one for each connection at most, are made of its key.
  const ours = (): number => made.mock.calls.filter(([options]) => options?.key === undefined).length;
  // Roots that no other test of this file has.
  const trust = { caPem: [tls.rootCertificates[40] ?? ''], insecure: false };
  const before = ours();
  for (let ride = 0; ride < 2; ride++) {
    const sampler = await openSampler({ ...optionsFor(relay), trust });
    onTestFinished(() => sampler.close());
    for (let at = 0; at < 3; at++) await sampler.sample(endpointFor(relay), at, new AbortController().signal);
    expect(ours()).toBe(before + 1);
  }
});
