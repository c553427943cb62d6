// Owns the check that every authority, and every resolver behind them, gives the same HTTPS and CAA records (MX and TXT where asked).
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { listing, type Phrase, type Pointer, pointer } from '../../../src/model/finding.ts';
import { problemCatalogue } from '../../../src/model/problem.ts';
import { dig, digAt, isOurs, type PlacedZone, placedZones } from '../derive.ts';
import type { DnsEvidence, DnsFacts, ToldSetEvidence } from '../evidence.ts';
import type { DnsPolicy } from '../options.ts';
import { policiesIn } from '../policy-words.ts';
import { recordKey } from '../record-key.ts';

export const recordsDisagree: Check<DnsFacts, DnsPolicy> = {
  id: 'records-disagree',
  needs: ['dns'],
  severity: 'warning',
  title: 'Name servers give different HTTPS or CAA records',
  soWhat: 'What browsers offer, and whether a certificate is renewed, depends on the server that happens to be asked.',
  nowWhat: [{ kind: 'change', text: ['Bring the stale server up to date; compare the serials of the zone.'] }],
  sources: ['RFC 2181 5', 'RFC 8659 3', 'RFC 9460 3'],
  judge({ dns }) {
    const zones = placedZones(dns);
    const told = zones.flatMap((placed) => questionsOf(placed));
    if (told.length === 0)
      return { outcome: 'not-applicable', because: 'the journey did not ask each server for them' };
    const compared = told.filter(({ tellers }) => tellers.filter(({ set }) => set.error === null).length > 1);
    const resolvers = besideResolvers(dns, told);
    if (compared.length === 0 && resolvers.compared === 0) {
      const nobody = told.every(({ tellers }) => tellers.every(({ set }) => set.error !== null));
      return nobody
        ? { outcome: 'not-judged', because: 'no name server told such a record set' }
        : { outcome: 'not-applicable', because: 'only one name server told them' };
    }
    return foundOrPass([
      ...told.filter(({ placed, type }) => !varies(dns, placed, type)).flatMap((asked) => between(dns, asked)),
      ...told.flatMap((asked) => failing(dns, asked)),
      ...resolvers.seen,
    ]);
  },
};

interface Teller {
  readonly who: Phrase;
  readonly address: string;
  readonly set: ToldSetEvidence;
  readonly at: Pointer;
}

/** One record set of a zone, and what each of its servers says of it. */
interface Asked {
  readonly placed: PlacedZone;
  readonly name: ToldSetEvidence['name'];
  readonly type: ToldSetEvidence['type'];
  readonly tellers: readonly Teller[];
}

function questionsOf(placed: PlacedZone): readonly Asked[] {
  const all = placed.servers.flatMap(({ nameserver, server, at }) =>
    (server.recordSets ?? []).flatMap((set, index): readonly Teller[] => {
      if (isOurs(set.error)) return [];
      const node = server.nsid === undefined ? [] : [', node ', server.nsid];
      const who: Phrase = [nameserver.name, ' (', server.address, ...node, ')'];
      return [{ who, address: server.address, set, at: `${at}${pointer('recordSets', index)}` as Pointer }];
    }),
  );
  return [...Map.groupBy(all, ({ set }) => `${set.type} ${set.name}`).values()].flatMap((tellers) => {
    const [first] = tellers;
    return first === undefined ? [] : [{ placed, name: first.set.name, type: first.set.type, tellers }];
  });
}

/** A zone that draws addresses may draw the record that hints at them too. */
function varies(dns: DnsEvidence, { zone }: PlacedZone, type: ToldSetEvidence['type']): boolean {
  if (type !== 'HTTPS') return false;
  return policiesIn(dns).some(
    ({ zone: of, kind }) =>
      of === zone.zone && (kind === 'weighted' || kind === 'multivalue' || kind === 'client-dependent'),
  );
}

/** Data without TTLs and order. */
function keyOf({ rcode, records }: ToldSetEvidence): string {
  return JSON.stringify([records.length === 0 ? rcode : '', records.map(({ data }) => recordKey(data))]);
}

function between(dns: DnsEvidence, { name, type, tellers }: Asked): readonly Seen[] {
  const answering = tellers.filter(({ set }) => set.error === null);
  const groups = [...Map.groupBy(answering, ({ set }) => keyOf(set)).values()].toSorted((a, b) => b.length - a.length);
  const firsts = groups.flatMap(([first]) => first ?? []);
  const [first, ...rest] = firsts;
  if (first === undefined || rest.length === 0) return [];
  return [
    {
      what: [
        `For the ${type} record of `,
        name,
        ' ',
        ...said(first),
        ...rest.flatMap((one) => [', but ', ...said(one)]),
        '.',
      ],
      ...(type === 'HTTPS' || type === 'CAA' ? {} : { severity: 'notice' as const, soWhat: MAIL }),
      nowWhat: [
        ...firsts.slice(0, 3).map(({ address }) => dig(address, dns.authorityPort, '+norecurse', name, type)),
        ...recordsDisagree.nowWhat,
      ],
      evidence: [first.at, ...rest.map(({ at }) => at)],
    },
  ];
}

const MAIL = 'Mail, or who is taken for the owner of the name, depends on the server that happens to be asked.';

function said({ who, set }: Teller): Phrase {
  const nothing = set.rcode === 'NXDOMAIN' ? ' says that it does not exist' : ' says that there is none';
  const data = set.records.map((record) => record.data);
  return [...who, ...(data.length === 0 ? [nothing] : [' gives ', ...listing(data, 3)])];
}

/** Some servers know the type, another fails for it: issuers take a failure for "no" (RFC 8659 3). */
function failing(dns: DnsEvidence, { name, type, tellers }: Asked): readonly Seen[] {
  if (tellers.every(({ set }) => set.error !== null)) return [];
  return tellers.flatMap(({ who, address, set, at }): readonly Seen[] => {
    if (set.error === null) return [];
    return [
      {
        what: [
          ...who,
          ` fails for the ${type} record of `,
          name,
          `: ${problemCatalogue[set.error].says}; others answer.`,
        ],
        ...(type === 'CAA' ? {} : { severity: 'notice' as const }),
        soWhat: type === 'CAA' ? CAA_FAILS : 'Resolvers that ask this server wait for it, and clients for them.',
        nowWhat: [
          dig(address, dns.authorityPort, '+norecurse', name, type),
          { kind: 'change', text: ['Let this server answer for every type: "none" is an answer, a failure is not.'] },
        ],
        evidence: [at],
      },
    ];
  });
}

const CAA_FAILS = 'An issuer whose resolver asks this server must not issue: the renewal fails now and then.';

/** A resolver may be behind by a TTL; one that gives what no authority gives is worth knowing. */
function besideResolvers(dns: DnsEvidence, told: readonly Asked[]): { compared: number; seen: readonly Seen[] } {
  const leaf = placedZones(dns)[0];
  let compared = 0;
  const seen = (dns.resolvers ?? []).flatMap(({ resolver, recordSets = [] }, index) =>
    recordSets.flatMap((set, position): readonly Seen[] => {
      const asked = told.find(({ placed, name, type }) => {
        return type === set.type && placed.zone === leaf?.zone && (name === set.name || name === placed.zone.entry);
      });
      const known = asked?.tellers.filter((one) => one.set.error === null) ?? [];
      const [first] = known;
      if (asked === undefined || first === undefined || set.error !== null || varies(dns, asked.placed, set.type))
        return [];
      compared += 1;
      if (known.some((one) => keyOf(one.set) === keyOf(set) || one.set.records.length + set.records.length === 0))
        return [];
      const at = pointer('evidence', 'dns', 'resolvers', index, 'recordSets', position);
      const own = { who: ['resolver ', resolver], address: resolver, set, at };
      return [
        {
          severity: 'notice',
          what: [`For the ${set.type} record of `, set.name, ' ', ...said(own), ', but ', ...said(first), '.'],
          soWhat: 'Clients of that resolver see another record than the zone holds.',
          nowWhat: [
            digAt(resolver, set.name, set.type),
            dig(first.address, dns.authorityPort, '+norecurse', asked.name, set.type),
            WAIT,
          ],
          evidence: [at, first.at],
        },
      ];
    }),
  );
  return { compared, seen };
}

const WAIT = {
  kind: 'change',
  text: ['Wait until the TTL is over and ask again: what stays comes from a filter or another view of the zone.'],
} as const;
