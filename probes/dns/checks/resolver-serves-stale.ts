// Owns the check that resolvers give answers whose time is not over.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { sameText } from '../../../src/model/text.ts';
import { digAt, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts, ResolverEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

/** Stale Answer, Stale NXDOMAIN Answer: RFC 8914 4.4 and 4.20. */
const STALE = 3;
const STALE_NXDOMAIN = 19;

export const resolverServesStale: Check<DnsFacts, DnsPolicy> = {
  id: 'resolver-serves-stale',
  needs: ['dns'],
  severity: 'notice',
  title: 'A resolver gives an old answer',
  soWhat: 'It could not refresh the record in time: its clients get what was true before, and no change reaches them.',
  nowWhat: [
    {
      kind: 'change',
      text: ['See whether that resolver reaches the zone’s name servers; then empty its cache for the name.'],
    },
  ],
  sources: ['RFC 8767 4', 'RFC 8914 4.4'],
  judge({ dns }) {
    const { resolvers = [] } = dns;
    if (resolvers.length === 0) return { outcome: 'not-applicable', because: 'the resolvers were not compared' };
    return foundOrPass(resolvers.flatMap((one, index) => staleSeen(dns, one, index)));
  },
};

function staleSeen(dns: DnsEvidence, one: ResolverEvidence, index: number): readonly Seen[] {
  const codes = new Set(one.extendedErrors.map(({ code }) => code));
  const gone = codes.has(STALE_NXDOMAIN);
  const said = gone || codes.has(STALE);
  if (!said && one.repeatedTtlSeconds === undefined) return [];
  const misled = gone ? exists(dns) : misleads(dns, one);
  const how = said
    ? ` gives an old answer and says so (${gone ? 'Stale NXDOMAIN Answer' : 'Stale Answer'})`
    : ` seems to give an old answer: its TTL stays at ${one.repeatedTtlSeconds} s`;
  const what = misled ? [how, ', which is not what the zone’s name servers give now.'] : [how, '.'];
  return [
    {
      severity: misled ? 'warning' : 'notice',
      what: ['Resolver ', one.resolver, ...what],
      nowWhat: [digAt(one.resolver, dns.name), ...resolverServesStale.nowWhat],
      evidence: [pointer('evidence', 'dns', 'resolvers', index)],
    },
  ];
}

function addressesOf(dns: DnsEvidence) {
  return placedZones(dns)
    .flatMap(({ servers }) => servers.flatMap(({ server }) => server.answers))
    .filter(({ type }) => type === 'A' || type === 'AAAA');
}

function exists(dns: DnsEvidence): boolean {
  return addressesOf(dns).length > 0;
}

/** None of its addresses is one that the zone's own servers give; unknown where these give none. */
function misleads(dns: DnsEvidence, { addresses }: ResolverEvidence): boolean {
  const now = addressesOf(dns);
  return now.length > 0 && addresses.every((address) => !now.some(({ data }) => sameText(data, address)));
}
