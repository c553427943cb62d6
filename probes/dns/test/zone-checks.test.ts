// What SOA records and single record sets of servers are judged to be, as tables over one recorded zone.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Given, Judged } from '../../../src/contract/check.ts';
import type { Phrase } from '../../../src/model/finding.ts';
import { parseTarget } from '../../../src/model/target.ts';
import { visible, wireText } from '../../../src/model/text.ts';
import { recordsDisagree } from '../checks/records-disagree.ts';
import { serialsDisagree } from '../checks/serials-disagree.ts';
import { soaDisagrees } from '../checks/soa-disagrees.ts';
import { soaTimersOdd } from '../checks/soa-timers-odd.ts';
import { type DnsEvidence, dnsEvidenceSchema, type ServerEvidence, type ToldSetEvidence } from '../evidence.ts';
import { type DnsPolicy, dnsPolicySchema } from '../options.ts';
import { usualTimers } from '../providers.ts';

const file = new URL('cases/records-agree.json', import.meta.url);
const agree = dnsEvidenceSchema.parse(JSON.parse(readFileSync(file, 'utf8')).evidence);
const given = (): Given<DnsPolicy> => ({
  policy: dnsPolicySchema.parse({}),
  asOfMs: 0,
  target: parseTarget('kms.example'),
  endpoints: [],
  hops: [],
});
const words = (phrase: Phrase) =>
  phrase.map((piece) => (typeof piece === 'number' ? String(piece) : visible(piece))).join('');
const told = (judged: Judged, usual: string) =>
  judged.outcome === 'found' ? `found ${judged.seen.map((one) => one.severity ?? usual).join(' ')}` : judged.outcome;

/** The zone with other words of its servers, or of the second alone, and other names of all. */
function changed(
  change: (server: ServerEvidence) => Partial<ServerEvidence>,
  only: number | null = 1,
  names: readonly string[] = [],
  from: DnsEvidence = agree,
): DnsEvidence {
  return {
    ...from,
    delegation: from.delegation.map((zone) => ({
      ...zone,
      nameservers: zone.nameservers.map((one, index) => ({
        ...one,
        name: wireText(names[index] ?? visible(one.name)),
        byAddress: one.byAddress.map((server) =>
          only === null || only === index ? { ...server, ...change(server) } : server,
        ),
      })),
    })),
  };
}

const ROUTE53 = ['ns-2.awsdns-00.com', 'ns-514.awsdns-00.net'];
const NS1 = 'dns1.p01.nsone.net';

describe('records-disagree', () => {
  const set = (type: ToldSetEvidence['type'], change: Partial<ToldSetEvidence>) => (server: ServerEvidence) => ({
    recordSets: (server.recordSets ?? []).map((one) => (one.type === type ? { ...one, ...change } : one)),
  });
  const failed: Partial<ToldSetEvidence> = { error: 'servfail', rcode: null, records: [] };
  const alone = { resolvers: [] };
  const withKeys = () => {
    const keyed = (key: string) =>
      set('HTTPS', {
        records: [{ name: wireText('kms.example'), ttlSeconds: 60, data: wireText(`1 . alpn="h2" ech=${key}`) }],
      });
    const first = changed(keyed('AEX+DQBB/w=='), 0);
    const both = { ...first, delegation: changed(keyed('BFX+DQBC'), 1, [], first).delegation };
    return { ...both, ...alone };
  };
  test.each<[string, DnsEvidence, string]>([
    ['all the same', agree, 'pass'],
    ['one without the record', changed(set('CAA', { records: [] })), 'found warning'],
    ['one that does not know the name', changed(set('HTTPS', { records: [], rcode: 'NXDOMAIN' })), 'found warning'],
    ['one that fails for CAA', changed(set('CAA', failed)), 'found warning'],
    ['one that fails for HTTPS', changed(set('HTTPS', failed)), 'found notice'],
    ['one that this machine cannot ask', changed(set('CAA', { ...failed, error: 'no-ipv6' })), 'pass'],
    ['mail records', changed(set('CAA', { type: 'TXT' }), null), 'pass'],
    ['asked of nobody', { ...changed(() => ({ recordSets: [] }), null), ...alone }, 'not-applicable'],
    ['told by one alone', { ...changed(() => ({ recordSets: [] })), ...alone }, 'not-applicable'],
    [
      'told by nobody',
      { ...changed((one) => ({ ...set('CAA', failed)({ ...one, ...set('HTTPS', failed)(one) }) }), null), ...alone },
      'not-judged',
    ],
    ['keys of ECH that are being renewed', withKeys(), 'pass'],
    ['a resolver behind', changed(set('CAA', { records: [] }), null), 'found notice'],
  ])('%s: %s', (_, dns, outcome) => {
    expect(told(recordsDisagree.judge({ dns }, given()), 'warning')).toBe(outcome);
  });

  test.each(['weighted', 'multivalue', 'client-dependent'] as const)(
    'a zone that answers %s may choose HTTPS records too',
    (kind) => {
      const differing = changed(set('HTTPS', { records: [] }));
      const policy = differing.policy === undefined ? [] : [{ ...differing.policy, kind }];
      expect(recordsDisagree.judge({ dns: { ...differing, policy: policy[0] as never } }, given()).outcome).toBe(
        'pass',
      );
    },
  );
});

describe('serials and SOA records', () => {
  test.each<[string, DnsEvidence, string, string]>([
    ['of one zone', agree, 'pass', 'pass'],
    ['serials that never move say nothing', changed(() => ({}), 1, ROUTE53), 'not-applicable', 'pass'],
    ['serials that do not move, and differ', changed(() => ({ serial: 1 }), 1, ROUTE53), 'found notice', 'pass'],
    [
      'another mailbox',
      changed((one) => ({ soa: one.soa && { ...one.soa, mailbox: wireText('x.example') } }) as Partial<ServerEvidence>),
      'pass',
      'found notice',
    ],
    [
      'another primary at another operator',
      changed((one) => ({ soa: one.soa && { ...one.soa, primary: wireText(NS1) } }) as Partial<ServerEvidence>, 1, [
        ROUTE53[0] ?? '',
        NS1,
      ]),
      'not-applicable',
      'not-applicable',
    ],
    ['a journey of before', changed(() => ({ soa: undefined }) as never, null), 'pass', 'not-applicable'],
  ])('%s', (_, dns, serials, soas) => {
    expect(told(serialsDisagree.judge({ dns }, given()), 'notice')).toBe(serials);
    expect(told(soaDisagrees.judge({ dns }, given()), 'notice')).toBe(soas);
  });
});

describe('soa-timers-odd', () => {
  const withTimers = ([
    refreshSeconds = 0,
    retrySeconds = 0,
    expireSeconds = 0,
    minimumSeconds = 0,
  ]: readonly number[]) => {
    const timers = { refreshSeconds, retrySeconds, expireSeconds, minimumSeconds };
    return changed((one) => ({ soa: one.soa && { ...one.soa, ...timers } }) as Partial<ServerEvidence>, null);
  };
  test.each(usualTimers.map(({ operator, timers }) => [operator, timers] as const))(
    '%s writes what is usual',
    (_, timers) => {
      expect(soaTimersOdd.judge({ dns: withTimers(timers) }, given()).outcome).toBe('pass');
    },
  );

  test.each<[string, readonly number[], string]>([
    ['of a plain zone', [7200, 900, 1_209_600, 300], ''],
    ['of RIPE-203', [86_400, 7200, 3_600_000, 172_800], 'refresh 86400 s, over 12 hours; minimum 172800 s, over a day'],
    ['refresh', [600, 300, 1_209_600, 300], 'refresh 600 s, under 20 minutes'],
    ['retry', [7200, 7200, 1_209_600, 300], 'retry 7200 s, not below refresh (7200 s)'],
    ['expire', [7200, 900, 86_400, 300], 'expire 86400 s, under a week'],
    [
      'expire before the first refresh is over',
      [7200, 900, 3600, 300],
      'expire 3600 s, no longer than refresh and retry together',
    ],
  ])('timers: %s', (_, timers, say) => {
    const judged = soaTimersOdd.judge({ dns: withTimers(timers) }, given());
    const said = judged.outcome === 'found' ? words(judged.seen[0].what) : '';
    expect(said).toBe(say === '' ? '' : `The SOA record of kms.example has ${say}.`);
  });
});
