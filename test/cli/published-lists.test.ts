// Each list that `--networks` can fetch, from its operator's answer to what is told of an address; and what is said of answers that are none.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nock from 'nock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Launch } from '../../src/cli/launch.ts';
import { readNetworks } from '../../src/cli/network-files.ts';
import type { IpAddress } from '../../src/model/text.ts';
import { UsageError } from '../../src/model/usage-error.ts';
import { publishers } from '../../src/net/published/operators.ts';
import { captureIo } from '../support/cli.ts';
import { everyReplyWanted, offline } from '../support/offline.ts';

const DAY_MS = 86_400_000;
let cache: string;

offline();
everyReplyWanted();
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'outrider-lists-'));
});
afterEach(async () => {
  await rm(cache, { recursive: true });
});

function reading(name: string, afterMs = 0, sendsNothing = false) {
  const wallClockMs = () => Date.UTC(2026, 10, 21) + afterMs;
  const io = captureIo({ env: { XDG_CACHE_HOME: cache }, wallClockMs });
  const launch = { io, version: '1.2.3' } as unknown as Launch;
  const { captured } = io;
  return { captured, read: readNetworks([name], { launch, sendsNothing, isQuiet: false }) };
}

/** By URL: what its operator answers, in its own form, and what is told of an address in it. */
const lists: Readonly<Record<string, { readonly body: nock.Body; readonly address: string; readonly place: object }>> =
  {
    'https://ip-ranges.amazonaws.com/ip-ranges.json': {
      body: {
        prefixes: [
          { ip_prefix: '198.51.100.0/24', region: 'eu-west-1', service: 'EC2', network_border_group: 'eu-west-1' },
        ],
      },
      ...{ address: '198.51.100.7', place: { operator: 'AWS', service: 'EC2', region: 'eu-west-1' } },
    },
    'https://www.gstatic.com/ipranges/cloud.json': {
      body: { prefixes: [{ ipv4Prefix: '198.51.100.0/24', service: 'Google Cloud', scope: 'europe-west1' }] },
      ...{ address: '198.51.100.7', place: { operator: 'Google', service: 'Google Cloud', region: 'europe-west1' } },
    },
    'https://www.gstatic.com/ipranges/goog.json': {
      body: { prefixes: [{ ipv6Prefix: '2001:db8:1::/48' }] },
      ...{ address: '2001:db8:1::7', place: { operator: 'Google', service: null, region: null } },
    },
    'https://www.cloudflare.com/ips-v4': {
      body: '198.51.100.0/24\n203.0.113.0/24',
      ...{ address: '203.0.113.7', place: { operator: 'Cloudflare', region: 'global' } },
    },
    'https://www.cloudflare.com/ips-v6': {
      body: '2001:db8:2::/48\n',
      ...{ address: '2001:db8:2::7', place: { operator: 'Cloudflare', region: 'global' } },
    },
    'https://api.fastly.com/public-ip-list': {
      body: { addresses: ['198.51.100.0/24'], ipv6_addresses: ['2001:db8:3::/48'] },
      ...{ address: '2001:db8:3::7', place: { operator: 'Fastly', region: 'global' } },
    },
    'https://docs.oracle.com/en-us/iaas/tools/public_ip_ranges.json': {
      body: {
        regions: [{ region: 'eu-frankfurt-1', cidrs: [{ cidr: '198.51.100.0/24', tags: ['OSN', 'OBJECT_STORAGE'] }] }],
      },
      ...{
        address: '198.51.100.7',
        place: { operator: 'Oracle Cloud', service: 'OBJECT_STORAGE', region: 'eu-frankfurt-1' },
      },
    },
    'https://api.github.com/meta': {
      body: { pages: ['198.51.100.0/24'], actions: ['203.0.113.0/24'] },
      ...{ address: '198.51.100.7', place: { operator: 'GitHub', service: 'pages' } },
    },
  };

const at = (url: string): nock.Interceptor => {
  const { origin, pathname } = new URL(url);
  return nock(origin, { reqheaders: { 'user-agent': 'outrider/1.2.3' } }).get(pathname);
};
const answer = (url: string): nock.Body => lists[url]?.body ?? '';

test('every list that can be fetched is here', () => {
  expect(publishers.flatMap(({ files }) => files.map(({ url }) => url)).toSorted()).toEqual(
    Object.keys(lists).toSorted(),
  );
});

describe.each(publishers.map(({ name, files }) => [name, files] as const))('%s', (name, files) => {
  test('is fetched once a day, by its tag, and told of its addresses', async () => {
    for (const { url } of files) at(url).reply(200, answer(url), { etag: '"a"' });
    const table = await reading(name).read;
    for (const { url } of files) {
      const { address = '', place } = lists[url] ?? {};
      expect(table.find(address as IpAddress).place).toMatchObject(place ?? {});
    }
    await reading(name, DAY_MS - 1).read;
    for (const { url } of files) at(url).matchHeader('if-none-match', '"a"').reply(304);
    const { read, captured } = reading(name, DAY_MS);
    expect((await read).find((lists[files[0]?.url ?? '']?.address ?? '') as IpAddress).place).not.toBeNull();
    expect(captured().err).toBe('');
  });

  test.each<readonly [string, number, nock.Body, Record<string, string>, string]>([
    ['no list', 200, '{"hello":"world"}', {}, 'something that is no list of address ranges'],
    ['half a list', 200, '{"prefixes":[{"ip_prefix"', {}, 'something that is no list of address ranges'],
    ['a page', 200, '<html>', { 'content-type': 'text/html' }, 'something that is no list of address ranges'],
    ['nothing', 200, '', {}, 'something that is no list of address ranges'],
    ['a refusal', 403, 'rate limit exceeded', {}, 'it answers HTTP 403'],
    ['that it is pressed', 429, '', { 'retry-after': '0' }, 'it answers HTTP 429'],
    ['that it is down', 503, '', { 'retry-after': '0' }, 'it answers HTTP 503'],
    ['another place', 302, '', { location: 'https://elsewhere.example/' }, 'it answers HTTP 302'],
  ])(
    'that answers with %s is said to, kept by nobody, and replaced by what was kept',
    async (_what, status, body, headers, because) => {
      const [first] = files;
      const url = first?.url ?? '';
      at(url).reply(status, body, headers);
      const error: unknown = await reading(name).read.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UsageError);
      expect((error as UsageError).message).toMatch(
        new RegExp(`^--networks ${name}: ${url} could not be fetched: .*${because}`),
      );
      expect(await readdir(cache)).toEqual([]);

      for (const file of files) at(file.url).reply(200, answer(file.url));
      await reading(name).read;
      for (const file of files) at(file.url).reply(status, body, headers);
      const { read, captured } = reading(name, 3 * DAY_MS);
      expect((await read).find((lists[url]?.address ?? '') as IpAddress).place).not.toBeNull();
      expect(captured().err.trim().split('\n')).toHaveLength(files.length);
      expect(captured().err).toContain(`${because}; the list of 3d ago is used\n`);
    },
  );
});
