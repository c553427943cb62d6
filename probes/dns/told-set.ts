// Owns asking one server or resolver for the record sets beside the addresses: HTTPS, CAA, and on request MX and TXT.
// Judges nothing; a server that fails for a type is a result.
import type { DnsRecord } from '../../src/contract/net.ts';
import { compareText, type DnsName, visible, type WireText, wireText } from '../../src/model/text.ts';
import type { Context, Told } from './ask.ts';
import type { ToldSetEvidence } from './evidence.ts';
import { recordsOf, serviceName } from './record-set.ts';

/** Characters kept of one record: keys of mail are about 400, and a page of them helps nobody. */
const MAX_DATA = 512;

export interface WantedSet {
  readonly name: DnsName;
  readonly type: ToldSetEvidence['type'];
}

/** Nothing of a name without address: nobody gets as far as its certificate. */
export function setsOfName({ target, options, lookup }: Context): readonly WantedSet[] {
  if (lookup === null || lookup.problem !== null) return [];
  const host = target.host as DnsName;
  return [
    { name: serviceName(target), type: 'HTTPS' },
    { name: host, type: 'CAA' },
    ...(options.mailRecords
      ? ([
          { name: host, type: 'MX' },
          { name: host, type: 'TXT' },
        ] as const)
      : []),
  ];
}

/** The same of the first name that the zone owns, and the CAA of its apex: there it usually stands (RFC 8659 3). */
export function setsOfZone(context: Context, zone: DnsName, entry: DnsName): readonly WantedSet[] {
  const isHost = entry === context.target.host;
  return setsOfName(context).flatMap(({ name, type }): readonly WantedSet[] => {
    if (type === 'CAA' && entry !== zone)
      return [
        { name: entry, type },
        { name: zone, type },
      ];
    // A service name (`_8443._https.`) has no place in the zone of an alias's target.
    if (type === 'HTTPS' && !isHost && name !== context.target.host) return [];
    return [{ name: isHost ? name : entry, type }];
  });
}

export function toldSet({ name, type }: WantedSet, told: Told): ToldSetEvidence {
  if (told.problem !== null) return { name, type, rcode: null, error: told.problem.code, records: [] };
  const records = recordsOf(told.reply, name, type)
    .map((record) => ({ name: record.name, ttlSeconds: record.ttlSeconds, data: dataOf(record) }))
    .toSorted((a, b) => compareText(a.data, b.data));
  return { name, type, rcode: told.reply.rcode, error: null, records };
}

/** Zone-file form (RFC 1035 5.1); RFC 3597 5 for what cannot be read. */
function dataOf(record: DnsRecord): WireText {
  switch (record.type) {
    case 'CAA':
    case 'HTTPS':
      return record.presentation;
    case 'MX':
      return wireText(`${record.preference} ${absolute(record.exchange)}`, MAX_DATA);
    case 'TXT':
      return wireText(record.text.map(quoted).join(' '), MAX_DATA);
    default: {
      const hex = record.type === 'malformed' ? record.rdataHex : '';
      return wireText(`\\# ${hex.length / 2} ${hex}`.trimEnd(), MAX_DATA);
    }
  }
}

function absolute(name: WireText): string {
  const text = visible(name);
  return text.endsWith('.') ? text : `${text}.`;
}

function quoted(text: WireText): string {
  return `"${visible(text).replaceAll(/["\\]/g, '\\$&')}"`;
}
