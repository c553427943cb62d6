// Holds the icmp prober to blackbox_exporter's. What is sent is sent to this machine, which answers by itself.
import { expect, test } from 'vitest';
import { echoRefusal } from '../../net/icmp/echo.ts';
import { failureIn, probed, roomOf, valueOf } from './asking.ts';

const refusal = await echoRefusal();
if (refusal !== null) console.warn(`tests of echoes are skipped: ${refusal.because}`);

const moduleOf = (block: string, timeout = '5s'): string =>
  `modules:\n  m: {prober: icmp, timeout: ${timeout}, icmp: {${block}}}\n`;
const probe = (block: string, target: string, given = {}, timeout = '5s'): Promise<string> =>
  probed(roomOf(moduleOf(block, timeout), given), 'm', target);

test.skipIf(refusal !== null).each([
  ['IPv4', '', '127.0.0.1', 4],
  ['IPv6', '', '::1', 6],
  ['a name', 'preferred_ip_protocol: ip4', 'here.example', 4],
  ['a large payload', 'payload_size: 20000', '127.0.0.1', 4],
  ['a small one', 'payload_size: 3', '127.0.0.1', 4],
  ['a packet that nobody may take apart', 'dont_fragment: true', '127.0.0.1', 4],
  ['a source', 'source_ip_address: 127.0.0.7', '127.0.0.1', 4],
])('%s replies, with times and its hop limit', async (_name, block, target, family) => {
  const page = await probe(block, target);
  expect(valueOf(page, 'probe_success')).toBe(1);
  expect(valueOf(page, 'probe_ip_protocol')).toBe(family);
  expect(valueOf(page, 'probe_icmp_reply_hop_limit')).toBe(64);
  for (const phase of ['setup', 'rtt'])
    expect(valueOf(page, `probe_icmp_duration_seconds{phase="${phase}"}`)).toBeGreaterThan(0);
});

test.skipIf(refusal !== null)('many at once each get their own reply', async () => {
  const room = roomOf(moduleOf('payload_size: 100'));
  const pages = await Promise.all(Array.from({ length: 50 }, () => probed(room, 'm', '127.0.0.1')));
  expect(pages.map((page) => valueOf(page, 'probe_success'))).toEqual(Array(50).fill(1));
});

test.each([
  ['a name that has no address', '', 'gone.example', 'no such host'],
  ['a source that is none', 'source_ip_address: here', '127.0.0.1', 'Error parsing source ip address'],
  ['a payload that fits into no packet', 'payload_size: 70000', '127.0.0.1', 'does not fit'],
])('%s fails, with every family but the hop limit', async (_name, block, target, words) => {
  const page = await probe(block, target);
  expect(page).toContain(words);
  expect(valueOf(page, 'probe_success')).toBe(0);
  expect(page).not.toContain('probe_icmp_reply_hop_limit');
  for (const phase of ['resolve', 'setup', 'rtt'])
    expect(valueOf(page, `probe_icmp_duration_seconds{phase="${phase}"}`)).not.toBeNull();
});

test.skipIf(refusal !== null).each([
  ['a source of the other family', 'source_ip_address: "::1"', 'Error listening to socket'],
  ['a source that is not ours', 'source_ip_address: 192.0.2.77', 'EADDRNOTAVAIL'],
])('%s fails', async (_name, block, words) => {
  const page = await probe(block, '127.0.0.1');
  expect(page).toContain(words);
  expect(valueOf(page, 'probe_success')).toBe(0);
});

test.skipIf(refusal !== null)(
  'a reply that does not come is a failure within the timeout, and its time is 0',
  async () => {
    // A broadcast address that this machine does not answer for (icmp_echo_ignore_broadcasts), or may not be sent to.
    const page = await probe('', '127.255.255.255', {}, '300ms');
    expect(valueOf(page, 'probe_success')).toBe(0);
    expect(valueOf(page, 'probe_icmp_duration_seconds{phase="rtt"}')).toBe(0);
    const mended = await probe('', '127.255.255.255', { quirks: false }, '300ms');
    expect(valueOf(mended, 'probe_icmp_duration_seconds{phase="rtt"}')).toBeNull();
    expect(valueOf(mended, 'probe_icmp_duration_seconds{phase="setup"}')).toBeGreaterThan(0);
    expect(['request wait-timeout network', 'request denied prober']).toContain(failureIn(page));
  },
);
