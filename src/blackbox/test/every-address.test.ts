// Holds the probe of every address behind a name to real servers on addresses of this machine: the right server name and Host at each, the worst
// one told, zones and quorum, and what becomes of names that have no address.
import { createServer, type Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { readAddressRanges } from '../../model/address-range-files.ts';
import { AddressTable } from '../../model/address-ranges.ts';
import { failureIn, listening, probed, roomOf, valueOf } from './asking.ts';
import { identity, ROOT_PEM } from './certified.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

interface Asked {
  readonly address: string | undefined;
  readonly servername: unknown;
  readonly host: string | undefined;
}

/** One service on several addresses and one port, with what it is asked; some of them answer with 503. */
async function serviceAt(addresses: readonly string[], sick: readonly string[] = []) {
  const asked: Asked[] = [];
  let port = 0;
  for (const address of addresses) {
    const server = createServer(identity(), ({ socket, headers }, response) => {
      asked.push({ address, servername: (socket as TLSSocket).servername, host: headers.host });
      response.writeHead(sick.includes(address) ? 503 : 200).end('hello');
    });
    servers.push(server);
    if (port === 0) port = await listening(server, address);
    else await listening(server, address, port);
  }
  return { port, asked };
}

const ALL = ['127.0.0.1', '127.0.0.2', '::1'];
const roomFor = (block: string, more: Parameters<typeof roomOf>[1] = {}, http = '') =>
  roomOf(`modules: {m: {prober: http, timeout: 5s, http: {${http}}, outrider: {${block}}}}`, {
    resolve: async (_name, family) => ALL.filter((one) => family === null || one.includes(':') === (family === 6)),
    rootsPem: ROOT_PEM,
    ...more,
  });

describe('all_addresses', () => {
  test('asks each address for the name, in TLS and in Host, and rolls up', async () => {
    const { port, asked } = await serviceAt(ALL, ['127.0.0.2']);
    const page = await probed(roomFor('all_addresses: true'), 'm', `https://here.example:${port}/`);
    expect(asked.toSorted((a, b) => ((a.address ?? '') < (b.address ?? '') ? -1 : 1))).toEqual(
      ALL.map((address) => ({ address, servername: 'here.example', host: `here.example:${port}` })),
    );
    for (const address of ALL) {
      expect(valueOf(page, `probe_address_success{address="${address}"}`)).toBe(address === '127.0.0.2' ? 0 : 1);
      expect(
        valueOf(page, `probe_address_earliest_cert_expiry_timestamp_seconds{address="${address}"}`),
      ).toBeGreaterThan(Date.now() / 1000);
    }
    expect(valueOf(page, 'probe_success')).toBe(0);
    expect(valueOf(page, 'probe_addresses')).toBe(3);
    expect(valueOf(page, 'probe_addresses_failed')).toBe(1);
    expect(valueOf(page, 'probe_addresses_worst_info{address="127.0.0.2"}')).toBe(1);
    // The other families are those of the worst.
    expect(valueOf(page, 'probe_http_status_code')).toBe(503);
    expect(failureIn(page)).toBe('answer status target');
    const seconds = ALL.map((address) => valueOf(page, `probe_address_duration_seconds{address="${address}"}`) ?? 0);
    expect(valueOf(page, 'probe_addresses_best_duration_seconds')).toBe(Math.min(seconds[0] ?? 0, seconds[2] ?? 0));
    expect(valueOf(page, 'probe_addresses_worst_duration_seconds')).toBe(Math.max(...seconds));
    expect(valueOf(page, 'probe_timeout_seconds')).toBe(5);
  });

  test.each([
    ['all_addresses: true, quorum: any', {}, 1],
    ['all_addresses: true, quorum: 2', {}, 1],
    ['all_addresses: true, quorum: 3', {}, 0],
    ['all_addresses: true, quorum: any', { quorum: 'all' }, 0],
    ['quorum: any', { addresses: 'all' }, 1],
  ])('with %s and %j in the URL: success %i', async (block, parameters, success) => {
    const { port } = await serviceAt(ALL, ['::1']);
    const page = await probed(roomFor(block), 'm', `https://here.example:${port}/`, parameters);
    expect(valueOf(page, 'probe_success')).toBe(success);
    expect(failureIn(page)).toBe(success === 1 ? null : 'answer status target');
    const sick = 'probe_address_failure_info{address="::1",fault="target",phase="answer",reason="status"}';
    expect(valueOf(page, sick)).toBe(1);
    expect(valueOf(page, 'probe_addresses_failed')).toBe(1);
  });

  test('goes to one family alone where the module does', async () => {
    const { port } = await serviceAt(ALL);
    const only = 'preferred_ip_protocol: ip4, ip_protocol_fallback: false';
    const page = await probed(roomFor('all_addresses: true', {}, only), 'm', `https://here.example:${port}/`);
    expect(valueOf(page, 'probe_addresses')).toBe(2);
    expect(valueOf(page, 'probe_success')).toBe(1);
  });

  test('tells zones by its list, and by the lists of clouds', async () => {
    const networks = new AddressTable();
    const prefixes = [
      { ip_prefix: '127.0.0.2/32', service: 'EC2', region: 'us-west-2', network_border_group: 'us-west-2-lax-1' },
    ];
    readAddressRanges(JSON.stringify({ prefixes }), 'ip-ranges.json', networks);
    const { port } = await serviceAt(ALL, ['127.0.0.2']);
    const room = roomFor('all_addresses: true, zones: {zone-a: [127.0.0.1], zone-6: "::/64", empty: 192.0.2.0/24}', {
      networks,
    });
    const page = await probed(room, 'm', `https://here.example:${port}/`);
    expect(valueOf(page, 'probe_address_success{address="127.0.0.1",zone="zone-a"}')).toBe(1);
    expect(valueOf(page, 'probe_address_success{address="::1",zone="zone-6"}')).toBe(1);
    expect(valueOf(page, 'probe_addresses_worst_info{address="127.0.0.2",zone="us-west-2-lax-1"}')).toBe(1);
    expect(valueOf(page, 'probe_zone_addresses_failed{zone="us-west-2-lax-1"}')).toBe(1);
    expect(valueOf(page, 'probe_zone_addresses_failed{zone="zone-a"}')).toBe(0);
    expect(valueOf(page, 'probe_zone_addresses{zone="zone-a"}')).toBe(1);
    expect(valueOf(page, 'probe_zone_addresses{zone="empty"}')).toBe(0);
  });

  test('goes to no address that the policy denies, and says which', async () => {
    const { port, asked } = await serviceAt(ALL);
    const room = roomFor('all_addresses: true', { allows: (address) => (address === '::1' ? 'denied' : null) });
    const page = await probed(room, 'm', `https://here.example:${port}/`);
    expect(new Set(asked.map(({ address }) => address))).toEqual(new Set(['127.0.0.1', '127.0.0.2']));
    expect(valueOf(page, 'probe_address_success{address="::1"}')).toBe(0);
    expect(failureIn(page)).toBe('connect not-allowed prober');
  });

  test('probes sixteen of them, whatever their order, and counts the others', async () => {
    const many = Array.from({ length: 20 }, (_, at) => `127.0.1.${at}`);
    const room = roomFor('all_addresses: true', { resolve: async () => many.toReversed() });
    const page = await probed(room, 'm', 'http://many.example:1/');
    for (const [at, address] of many.entries())
      expect(valueOf(page, `probe_address_success{address="${address}"}`)).toBe(at < 16 ? 0 : null);
    expect(page).not.toContain('probe_addresses_best');
    expect(valueOf(page, 'probe_addresses')).toBe(16);
    expect(valueOf(page, 'probe_addresses_left_out')).toBe(4);
    expect(page.match(/^probe_address_success\{/gm)).toHaveLength(16);
  });

  test('of a name without any is a failure to resolve, and no address', async () => {
    const resolve = async () => {
      throw new Error('lookup gone.example: no such host');
    };
    const page = await probed(roomFor('all_addresses: true, quorum: any', { resolve }), 'm', 'http://gone.example/');
    expect(failureIn(page)).toBe('resolve no-address target');
    expect(valueOf(page, 'probe_success')).toBe(0);
    expect(valueOf(page, 'probe_addresses')).toBe(0);
  });

  test('never outlives the timeout where the name is never looked up', async () => {
    const resolve = (_name: string, _family: 4 | 6 | null, signal: AbortSignal) =>
      new Promise<readonly string[]>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('lookup slow.example: i/o timeout')), { once: true });
        if (signal.aborted) reject(new Error('lookup slow.example: i/o timeout'));
      });
    const room = roomOf('modules: {m: {prober: tcp, timeout: 100ms, outrider: {all_addresses: true}}}', { resolve });
    const page = await probed(room, 'm', 'slow.example:1');
    expect(valueOf(page, 'probe_success')).toBe(0);
    expect(page).toContain('i/o timeout');
  });
});
