// Owns the check that what the zone asks its parent to publish (CDS, CDNSKEY) is what the parent has, and the same on every server.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { pointer } from '../../../src/model/finding.ts';
import { dig } from '../derive.ts';
import { shown } from '../dnssec-words.ts';
import type { DnsEvidence, DnsFacts } from '../evidence.ts';
import type { DnssecZoneEvidence, SignedServerEvidence } from '../evidence-dnssec.ts';
import type { DnsPolicy } from '../options.ts';
import { keyWords, type PlacedSigned, signedLeaf, signedServers } from '../signed-servers.ts';

export const cdsDiffers: Check<DnsFacts, DnsPolicy> = {
  id: 'cds-differs',
  needs: ['dns'],
  severity: 'notice',
  title: 'The zone asks for other DS records than its parent has',
  soWhat: 'A parent that follows CDS and CDNSKEY records changes the DS records by them, or waits until they agree.',
  nowWhat: [
    { kind: 'change', text: ['Let the roll-over end; if none is under way, look at what the signer publishes.'] },
  ],
  sources: ['RFC 7344 4', 'RFC 7344 4.1', 'RFC 8078 4', 'RFC 9615'],
  judge({ dns }) {
    const servers = signedServers(dns);
    if ('outcome' in servers) return servers;
    const told = servers.filter(({ server }) => server.cds !== null || server.cdnskey !== null);
    if (told.length === 0) return { outcome: 'not-judged', because: 'no server told whether it has CDS records' };
    const asking = told.filter(({ server }) => wishOf(server).length > 0);
    const leaf = signedLeaf(dns);
    if (asking.length === 0 || leaf === undefined) {
      return { outcome: 'not-applicable', because: 'the zone publishes no CDS or CDNSKEY records' };
    }
    const [first] = asking as [PlacedSigned, ...PlacedSigned[]];
    return foundOrPass([...differing(dns, leaf, told), ...unlike(leaf, first), ...wish(dns, leaf, first)]);
  },
};

interface Wish {
  readonly tag: number;
  readonly algorithm: number;
  readonly hasKey: boolean;
}

/** What a server asks for, each key once, whatever its digests. */
function wishOf({ cds, cdnskey }: SignedServerEvidence): readonly Wish[] {
  return distinct((cds ?? []).length > 0 ? (cds ?? []) : (cdnskey ?? []));
}

function distinct(all: readonly Wish[]): readonly Wish[] {
  return all
    .filter((one, index) => all.findIndex((other) => sameKey(one, other)) === index)
    .toSorted((a, b) => a.tag - b.tag || a.algorithm - b.algorithm);
}

function sameKey(a: Pick<Wish, 'tag' | 'algorithm'>, b: Pick<Wish, 'tag' | 'algorithm'>): boolean {
  return a.tag === b.tag && a.algorithm === b.algorithm;
}

/** RFC 8078 4: algorithm 0 asks for no DS record at all. */
function isDelete(wishes: readonly Wish[]): boolean {
  return wishes.length > 0 && wishes.every(({ algorithm }) => algorithm === 0);
}

function words(wishes: readonly Wish[]): string {
  if (wishes.length === 0) return 'nothing';
  return isDelete(wishes) ? 'none at all' : keyWords(wishes.map(({ tag }) => tag));
}

function differing(dns: DnsEvidence, { zone }: DnssecZoneEvidence, told: readonly PlacedSigned[]): readonly Seen[] {
  const all = told.flatMap((one) =>
    one.server.cds === null ? [] : [{ ...one, text: words(distinct(one.server.cds)) }],
  );
  const [first] = all;
  const other = all.find(({ text }) => text !== first?.text);
  if (first === undefined || other === undefined) return [];
  return [
    {
      what: [
        'CDS of ',
        shown(zone),
        ' differs: ',
        ...first.name,
        ` asks for ${first.text}, `,
        ...other.name,
        ` for ${other.text}.`,
      ],
      soWhat: 'A parent asks all servers and changes nothing until they agree, so that the roll-over stands still.',
      nowWhat: [dig(other.server.address, dns.authorityPort, '+norecurse', zone, 'CDS'), ...cdsDiffers.nowWhat],
      evidence: [first.at, other.at],
    },
  ];
}

/** RFC 7344 4: where both are published they must say the same. Whether a key is deleted is told in either form by algorithm 0. */
function unlike({ zone }: DnssecZoneEvidence, { server, name, at }: PlacedSigned): readonly Seen[] {
  const [cds, cdnskey] = [distinct(server.cds ?? []), distinct(server.cdnskey ?? [])];
  if (cds.length === 0 || cdnskey.length === 0 || (isDelete(cds) && isDelete(cdnskey)) || words(cds) === words(cdnskey))
    return [];
  const what = [
    'Name server ',
    ...name,
    ' asks for ',
    words(cds),
    ' by CDS and for ',
    words(cdnskey),
    ' by CDNSKEY of ',
    shown(zone),
    '.',
  ];
  return [{ what, soWhat: 'A parent that looks at both changes nothing.', evidence: [at] }];
}

/** Against what the parent has. */
function wish(dns: DnsEvidence, leaf: DnssecZoneEvidence, { server, at }: PlacedSigned): readonly Seen[] {
  const wishes = wishOf(server);
  const ds = leaf.ds ?? [];
  const evidence = [
    at,
    pointer('evidence', 'dns', 'dnssecDetail', 'zones', dns.dnssecDetail?.zones.indexOf(leaf) ?? 0),
  ] as const;
  const zone = shown(leaf.zone);
  if (isDelete(wishes)) {
    const soWhat = 'Parents that follow it take the DS records away; from then on nobody validates the zone.';
    return [{ what: ['Zone ', zone, ' asks its parent to delete the DS records.'], soWhat, evidence }];
  }
  if (!wishes.some(({ hasKey }) => hasKey)) {
    const what = ['Zone ', zone, ` asks its parent for DS records of ${words(wishes)} but publishes no such key.`];
    const soWhat =
      'A parent that follows it makes the zone fail for all who validate; one that checks first changes nothing (RFC 7344 4.1).';
    return [{ what, soWhat, severity: 'warning', evidence }];
  }
  const same =
    wishes.every((one) => ds.some((other) => sameKey(one, other))) &&
    ds.every((one) => wishes.some((other) => sameKey(one, other)));
  if (same || ds.length === 0) return [];
  const has = keyWords(ds.map(({ tag }) => tag));
  return [
    {
      what: ['Zone ', zone, ` asks its parent for DS records of ${words(wishes)}; the parent has those of ${has}.`],
      evidence,
    },
  ];
}
