// A sweep of many targets: each name is looked up once, no more connections at once than asked for, each target handed on once.
import { expect, test } from 'vitest';
import type { DnsClient } from '../../contract/net.ts';
import type { IpAddress } from '../../model/text.ts';
import type { Look } from '../../net/tls/look.ts';
import { type Swept, sweep } from '../sweep.ts';
import { parseCertTarget } from '../target.ts';

const CONCURRENCY = 8;
const NAMES = 50;
const PORTS = [443, 8443, 993];

test('names are asked for once, connections are bounded', async () => {
  const asked: string[] = [];
  const lookup: DnsClient['lookup'] = async (name) => {
    asked.push(name);
    const addresses = ['192.0.2.1', '192.0.2.2'].map((address) => ({
      ...{ address: address as IpAddress, family: 4 as const, ttlSeconds: 60 },
    }));
    return { name, addresses, aliases: [], durationMs: 0, problem: null } as unknown as Awaited<
      ReturnType<DnsClient['lookup']>
    >;
  };
  let underWay = 0;
  let most = 0;
  const look: Look = async () => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
    return {
      durationMs: 0,
      facts: null,
      certificates: new Map(),
      opened: new Map(),
      staple: null,
      problem: null,
    };
  };
  const targets = PORTS.flatMap((port) =>
    Array.from({ length: NAMES }, (_, index) => parseCertTarget(`tls://host-${index}.example:${port}`)),
  );
  const seen: Swept[] = [];
  const settings = { targets, firstAddress: false, concurrency: CONCURRENCY, families: [4] as const, servername: null };
  const { signal } = new AbortController();
  await sweep(settings, { look, lookup, signal }, async (swept) => void seen.push(swept));
  expect(asked.toSorted()).toEqual([...new Set(targets.map(({ host }) => host))].toSorted());
  expect(most).toBe(CONCURRENCY);
  expect(seen.map(({ seen: { length } }) => length)).toEqual(targets.map(() => 2));
});

test('localhost is this machine, and nobody is asked for it (RFC 6761 6.3)', async () => {
  const lookup: DnsClient['lookup'] = () => Promise.reject(new Error('asked'));
  const looked: string[] = [];
  const look: Look = async ({ endpoint }) => {
    looked.push(endpoint.id);
    const nothing = { certificates: new Map(), opened: new Map(), staple: null };
    return { durationMs: 0, facts: null, problem: null, ...nothing };
  };
  const targets = ['smtp://localhost', 'imap.localhost:993'].map((input) => parseCertTarget(input));
  const settings = { targets, firstAddress: false, concurrency: 4, families: [4, 6] as const, servername: null };
  await sweep(settings, { look, lookup, signal: new AbortController().signal }, async () => undefined);
  expect(looked.toSorted()).toEqual(['127.0.0.1:25', '127.0.0.1:993', '[::1]:25', '[::1]:993']);
});

test('addresses past the bound of one name are counted', async () => {
  const many = Array.from({ length: 70 }, (_, index) => ({
    ...{ address: `192.0.2.${index + 1}` as IpAddress, family: 4 as const, ttlSeconds: 60 },
  }));
  const lookup = async () => ({ addresses: many, aliases: [], durationMs: 0, problem: null }) as never;
  const nothing = { certificates: new Map(), opened: new Map(), staple: null };
  const look: Look = async () => ({ durationMs: 0, facts: null, problem: null, ...nothing });
  const settings = {
    concurrency: 4,
    families: [4] as const,
    servername: null,
    targets: [parseCertTarget('kms.example')],
  };
  const left: number[] = [];
  for (const firstAddress of [false, true]) {
    const tools = { look, lookup, signal: new AbortController().signal };
    await sweep({ ...settings, firstAddress }, tools, async ({ leftOut }) => void left.push(leftOut));
  }
  expect(left).toEqual([6, 0]);
});
