import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { PlainDnsServer } from '../../../contract/net.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { openDnsClient } from '../client.ts';
import { PRIVATE_LINES } from '../udp-lines.ts';

const forever = new AbortController().signal;

/** Answers with the question itself, and remembers from which ports it was asked. */
async function startMirror(delay: (serve: () => void) => void = (serve) => serve()) {
  const ports: number[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => {
    ports.push(from.port);
    const answer = Buffer.from(bytes);
    answer[2] = (answer[2] ?? 0) | 0x80;
    delay(() => socket.send(answer, from.port, from.address));
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const server: PlainDnsServer = { address: '127.0.0.1' as IpAddress, port: socket.address().port };
  return { server, ports, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())) };
}

function clientOf(server: PlainDnsServer, timeoutMs = 5_000) {
  const dns = openDnsClient({ resolvers: [server], timeoutMs, meter: createMeter(), families: [4] });
  const ask = (index: number) =>
    dns.query(server, { name: `n${index}.example` as DnsName, type: 'A', recursionDesired: true }, forever);
  return { ask };
}

describe.concurrent('the sockets of questions over UDP', () => {
  test('one after the other, each has a port of its own', async () => {
    await using mirror = await startMirror();
    const { ask } = clientOf(mirror.server);
    for (let index = 0; index < 40; index++) expect(await ask(index)).toMatchObject({ state: 'complete' });
    expect(new Set(mirror.ports).size).toBeGreaterThan(36);
  });

  test('a few side by side, too', async () => {
    const held: (() => void)[] = [];
    await using mirror = await startMirror((serve) => {
      held.push(serve);
      if (held.length === PRIVATE_LINES) for (const one of held) one();
    });
    const { ask } = clientOf(mirror.server);
    const asked = await Promise.all(Array.from({ length: PRIVATE_LINES }, (_, index) => ask(index)));
    expect(asked.every(({ state }) => state === 'complete')).toBe(true);
    expect(new Set(mirror.ports).size).toBe(PRIVATE_LINES);
  });

  test('many share some, each hears its own answer, and the ports change', async () => {
    await using mirror = await startMirror();
    const { ask } = clientOf(mirror.server);
    const names: string[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < 3_000) {
        const index = next++;
        const asked = await ask(index);
        if (asked.state === 'complete') names.push(`n${index}`);
      }
    };
    await Promise.all(Array.from({ length: 100 }, worker));
    expect(names).toHaveLength(3_000);
    const ports = new Set(mirror.ports);
    expect(ports.size).toBeGreaterThan(3_000 / 512);
    expect(ports.size).toBeLessThan(1_000);
  });

  test('many to a closed port all fail at once', async () => {
    const mirror = await startMirror();
    await mirror[Symbol.asyncDispose]();
    const { ask } = clientOf(mirror.server, 60_000);
    const asked = await Promise.all(Array.from({ length: 100 }, (_, index) => ask(index)));
    for (const one of asked) expect(one).toMatchObject({ state: 'failed', problem: { detail: 'ECONNREFUSED' } });
  });
});
