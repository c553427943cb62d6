import { randomBytes } from 'node:crypto';
import type { Answer } from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { PlainDnsServer } from '../../../contract/net.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { openDnsClient } from '../client.ts';
import { openCookies } from '../cookies.ts';
import { type Asked, OPT, type Respond, reply, startServer, TC } from './servers.ts';

const KMS = 'kms.example' as DnsName;
const QUESTION = { name: KMS, type: 'A', recursionDesired: true } as const;
const forever = new AbortController().signal;
const SERVER_COOKIE = Buffer.from('0123456789abcdef', 'hex');

/** The cookie that a query carries. */
function cookieOf({ packet }: Asked): Buffer | null {
  const opt = packet.additionals?.find((record) => record.type === 'OPT');
  const option = (opt as unknown as typeof OPT & { options: { code: number; data: Buffer }[] })?.options.find(
    ({ code }) => code === 10,
  );
  return option?.data ?? null;
}

function withCookie(cookie: Buffer, extendedRcode = 0): Answer {
  return { ...OPT, extendedRcode, options: [{ code: 10, data: cookie }] } as unknown as Answer;
}

const honest = (asked: Asked): Buffer => reply(asked, { answers: [{ type: 'A', name: KMS, data: '192.0.2.1' }] });
const ours = (asked: Asked): Buffer => (cookieOf(asked) ?? Buffer.alloc(8)).subarray(0, 8);
const baked = (asked: Asked, extendedRcode = 0): Buffer =>
  reply(asked, {
    additionals: [withCookie(Buffer.concat([ours(asked), SERVER_COOKIE]), extendedRcode)],
    ...(extendedRcode === 0 ? { answers: [{ type: 'A', name: KMS, data: '192.0.2.1' }] } : { flags: 7 }),
  });

async function ask(respond: Respond, times = 1, timeoutMs = 2_000) {
  await using server = await startServer(respond);
  const client = openDnsClient({ resolvers: [server.server], timeoutMs, meter: createMeter(), families: [4] });
  const attempts = [];
  for (let time = 0; time < times; time++) attempts.push(await client.query(server.server, QUESTION, forever));
  return { attempts, cookies: server.asked.map(cookieOf), asked: server.asked };
}

describe.concurrent('cookies', () => {
  test('the server’s half is sent back with ours', async () => {
    const { attempts, cookies } = await ask((asked) => baked(asked), 3);
    expect(attempts.map(({ state }) => state)).toEqual(['complete', 'complete', 'complete']);
    const [first, ...later] = cookies;
    expect(first).toHaveLength(8);
    for (const cookie of later) expect(cookie).toEqual(Buffer.concat([first ?? Buffer.alloc(0), SERVER_COOKIE]));
  });

  test('a server that knows none is asked as before', async () => {
    const { attempts, cookies } = await ask(honest, 2);
    expect(attempts.map(({ state }) => state)).toEqual(['complete', 'complete']);
    expect(cookies[1]).toEqual(cookies[0]);
  });

  test('a reply with another’s cookie is a stranger’s', async () => {
    const forged = (asked: Asked) =>
      reply(asked, {
        answers: [{ type: 'A', name: KMS, data: '203.0.113.6' }],
        additionals: [withCookie(randomBytes(16))],
      });
    const { attempts } = await ask((asked) => [forged(asked), baked(asked)]);
    expect(attempts).toMatchObject([{ state: 'complete', value: { answers: [{ address: '192.0.2.1' }] } }]);
  });

  test('BADCOOKIE is answered with the cookie that it brought', async () => {
    const { attempts, cookies } = await ask((asked) => baked(asked, cookieOf(asked)?.length === 8 ? 1 : 0));
    expect(attempts).toMatchObject([{ state: 'complete', value: { rcode: 'NOERROR', transport: 'udp' } }]);
    expect(cookies.map((cookie) => cookie?.length)).toEqual([8, 16]);
  });

  test('BADCOOKIE without end is answered over TCP', async () => {
    const { attempts, asked } = await ask((one) => (one.via === 'tcp' ? honest(one) : baked(one, 1)));
    expect(attempts).toMatchObject([{ state: 'complete', value: { transport: 'tcp', truncated: false } }]);
    expect(asked.map(({ via }) => via)).toEqual(['udp', 'udp', 'tcp']);
  });

  test('a server that chokes on the option keeps EDNS', async () => {
    const { attempts, asked } = await ask((one) =>
      cookieOf(one) === null ? honest(one) : reply(one, { rcode: 'FORMERR' }),
    );
    expect(attempts).toMatchObject([{ state: 'complete', value: { rcode: 'NOERROR' } }]);
    expect(asked.map(({ packet }) => packet.additionals?.length)).toEqual([1, 1]);
  });

  test('a server that refuses the question itself is asked once more, not for ever', async () => {
    const { attempts, asked } = await ask((one) => reply(one, { rcode: 'FORMERR' }));
    expect(attempts).toMatchObject([{ state: 'complete', value: { rcode: 'FORMERR' } }]);
    expect(asked.length).toBe(2);
  });

  test('over TCP too, and what the server bakes there is shown over UDP', async () => {
    const { asked } = await ask((one) => (one.count === 1 ? reply(one, { flags: TC }) : baked(one)), 2);
    expect(asked.map((one) => [one.via, cookieOf(one)?.length])).toEqual([
      ['udp', 8],
      ['tcp', 8],
      ['udp', 16],
    ]);
  });
});

describe('the cookies of one journey', () => {
  const at = (port: number): PlainDnsServer => ({ address: '127.0.0.1' as IpAddress, port });

  test('differ by server', () => {
    const cookies = openCookies();
    expect(cookies.of(at(1))).not.toEqual(cookies.of(at(2)));
    expect(cookies.of(at(1))).toEqual(cookies.of(at(1)));
    expect(openCookies().of(at(1))).not.toEqual(cookies.of(at(1)));
  });

  test.each([0, 7, 8, 15, 41, 65])('one of %i bytes is not kept', (length) => {
    const cookies = openCookies();
    const own = cookies.of(at(1));
    cookies.keep(at(1), Buffer.concat([own, Buffer.alloc(64)]).subarray(0, length));
    expect(cookies.of(at(1))).toEqual(own);
  });

  test('are bounded in number', () => {
    const cookies = openCookies();
    const first = cookies.of(at(1));
    for (let port = 2; port <= 1_100; port++) cookies.of(at(port));
    expect(cookies.of(at(1))).not.toEqual(first);
  });
});
