// Owns the check that the HTTPS records say the same as the address records beside them, and lead somewhere.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { problemCatalogue } from '../../../src/model/problem.ts';
import { interpret, sameText } from '../../../src/model/text.ts';
import { digResolver, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts, HttpsEvidence, HttpsLookupEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';

export const httpsRecordDisagrees: Check<DnsFacts, DnsPolicy> = {
  id: 'https-record-disagrees',
  needs: ['dns'],
  severity: 'warning',
  title: 'The HTTPS record does not fit the service',
  soWhat: 'Browsers that read it go to other addresses than the rest, wait, or pass the record over.',
  nowWhat: [
    {
      kind: 'change',
      text: [
        'Bring the HTTPS record in line with the A and AAAA records, or take it out; change them together from now on.',
      ],
    },
  ],
  sources: ['RFC 9460 2.2, 2.4, 7.2, 7.3'],
  judge({ dns }, { target }) {
    const { https, httpsLookup: lookup } = dns;
    if (https === undefined || lookup === undefined)
      return { outcome: 'not-judged', because: 'the HTTPS record was not asked for' };
    if (lookup.problem !== null) {
      return {
        outcome: 'not-judged',
        because: `the HTTPS record could not be looked up: ${problemCatalogue[lookup.problem.code].says}`,
      };
    }
    if (https.length + lookup.malformed === 0)
      return { outcome: 'not-applicable', because: 'the name has no HTTPS record' };
    const seen = [
      ...broken(dns, lookup),
      ...https.flatMap((record, index) => [
        ...leadsNowhere(dns, lookup, record, index),
        ...strayHints(dns, lookup, record, index),
        ...otherPort(dns, record, index, target.port),
      ]),
    ];
    const [first, ...rest] = seen;
    if (first !== undefined) return { outcome: 'found', seen: [first, ...rest] };
    if (lookup.targets.some(({ problem }) => problem !== null))
      return { outcome: 'not-judged', because: 'the target of a record could not be looked up' };
    return foundOrPass([]);
  },
};

/** Not wrong, but half of the callers are led past what this journey rode. */
function otherPort(
  dns: DnsEvidence,
  { name, priority, port }: HttpsEvidence,
  index: number,
  ridden: number,
): readonly Seen[] {
  if (priority === 0 || port === null || port === ridden) return [];
  return [
    {
      severity: 'notice',
      what: ['The HTTPS record of ', name, ` leads to port ${port}; this journey rode port ${ridden}.`],
      soWhat:
        'Browsers that read the record connect there and nowhere else: what was seen here holds for the other clients.',
      nowWhat: [
        { kind: 'command', argv: ['probe', `https://${dns.name}:${port}/`] },
        { kind: 'change', text: ['Take port out of the HTTPS record unless that port is meant.'] },
      ],
      evidence: [pointer('evidence', 'dns', 'https', index, 'port')],
    },
  ];
}

function broken(dns: DnsEvidence, lookup: HttpsLookupEvidence): readonly Seen[] {
  if (lookup.malformed === 0) return [];
  return [
    {
      what: [
        lookup.malformed,
        ' of the ',
        lookup.malformed + (dns.https?.length ?? 0),
        ' HTTPS records of ',
        lookup.name,
        ' break the format, so that clients ignore them all.',
      ],
      nowWhat: [digResolver(dns, lookup.name, 'HTTPS'), ...httpsRecordDisagrees.nowWhat],
      evidence: [pointer('evidence', 'dns', 'httpsLookup', 'malformed')],
    },
  ];
}

/** A target that does not exist or has no address; `.` in alias mode says outright that there is no service (RFC 9460 2.5.1). */
function leadsNowhere(
  dns: DnsEvidence,
  lookup: HttpsLookupEvidence,
  record: HttpsEvidence,
  index: number,
): readonly Seen[] {
  const evidence = [pointer('evidence', 'dns', 'https', index)] as const;
  if (record.priority === 0 && sameText(record.target, '.')) {
    return [
      {
        what: [
          'The HTTPS record of ',
          record.name,
          ' says that there is no such service, while the name has addresses.',
        ],
        evidence,
      },
    ];
  }
  const problem = lookup.targets.find(({ name }) => sameText(name, record.target))?.problem ?? null;
  if (
    problem === null ||
    (problem.code !== 'nxdomain' && problem.code !== 'nodata' && problem.code !== 'dns-alias-loop')
  )
    return [];
  return [
    {
      what: [
        'The HTTPS record of ',
        record.name,
        ' leads to ',
        record.target,
        `: ${problemCatalogue[problem.code].says}.`,
      ],
      nowWhat: [digResolver(dns, record.target, 'A'), ...httpsRecordDisagrees.nowWhat],
      evidence,
    },
  ];
}

/** Answers may be a part of a larger set (weights, places), so that only hints that nobody gave count; fewer hints are fine. */
function strayHints(
  dns: DnsEvidence,
  lookup: HttpsLookupEvidence,
  record: HttpsEvidence,
  index: number,
): readonly Seen[] {
  const known = addressesFor(dns, lookup, record);
  return (['ipv4Hint', 'ipv6Hint'] as const).flatMap((key): readonly Seen[] => {
    const family = known.filter((address) => address.includes(':') === (key === 'ipv6Hint'));
    const stray = record[key].filter((hint) => !family.includes(hint));
    // A family without any address may not have been asked for (-4, -6).
    if (stray.length === 0 || family.length === 0) return [];
    const all = stray.length === record[key].length;
    const type = key === 'ipv4Hint' ? 'A' : 'AAAA';
    return [
      {
        what: [
          'The HTTPS record of ',
          record.name,
          ` hints at ${stray.slice(0, 4).join(', ')}`,
          `, not among its ${type} records.`,
        ],
        ...(all ? {} : { severity: 'notice' }),
        nowWhat: [
          digResolver(dns, record.name, 'HTTPS'),
          digResolver(dns, record.name, type),
          ...httpsRecordDisagrees.nowWhat,
        ],
        evidence: [pointer('evidence', 'dns', 'https', index, key)],
      },
    ];
  });
}

/** What the resolver and the authorities gave for the name that the record leads to. */
function addressesFor(dns: DnsEvidence, lookup: HttpsLookupEvidence, record: HttpsEvidence): readonly string[] {
  if (!sameText(record.target, '.') && !sameText(record.target, record.name)) {
    return lookup.targets.find(({ name }) => sameText(name, record.target))?.addresses ?? [];
  }
  const told = placedZones(dns).flatMap(({ servers }) => servers.flatMap(({ server }) => server.answers));
  const rows = [...dns.records, ...told].filter(({ type }) => type === 'A' || type === 'AAAA');
  const found: string[] = [];
  for (const { data } of rows) interpret(data, (raw): number => found.push(raw));
  return found;
}
