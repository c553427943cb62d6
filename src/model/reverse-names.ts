// Owns what the name that an address carries (PTR) says of where it stands: the forms that operators publish, one row each, and the plain
// words for a zone in which the names of one service differ. Pure. Its owner writes such a name: whatever it says is a hint.
import { readTargetName } from './target-names.ts';
import type { DnsName } from './text.ts';

/** As the operator writes each; a region is no zone, and a place of an edge is neither. */
export interface ReverseName {
  readonly operator: string;
  readonly region: string | null;
  readonly zone: string | null;
  /** Code of the place where an edge stands (`fra50`). */
  readonly place: string | null;
  readonly source: string;
}

export interface ReverseNameRow {
  readonly operator: string;
  /** Of the whole name. Groups `region`, `zone` and `place` are told. */
  readonly pattern: RegExp;
  readonly source: string;
}

/**
 * Forms that only addresses have. Those that balancers, machines and platforms have too (EC2, Azure) are rows of target-names.ts.
 * Without a row, because what they carry says no place, or nobody publishes how to read it: Google (1e100.net), Akamai, Hetzner, OVHcloud.
 */
export const reverseNameRows: readonly ReverseNameRow[] = [
  // The code of the edge location, as X-Amz-Cf-Pop tells it: the airport (IATA), a number, and in new ones the kind.
  {
    operator: 'AWS',
    pattern: /^server-[0-9a-f.-]{7,45}\.(?<place>[a-z]{3}\d{1,3}(?:-[a-z]\d{1,2})?)\.r\.cloudfront\.net$/,
    source: 'https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/general-helper-methods.html',
  },
  // A zone of UpCloud is a location of its own: `fi-hel1`.
  {
    operator: 'UpCloud',
    pattern: /^[a-z0-9-]{1,63}\.(?<zone>[a-z]{2}-[a-z]{3}\d)\.upcloud\.host$/,
    source: 'https://github.com/UpCloudLtd/sample-dbaas-migration-tools/blob/main/mysql/README.md',
  },
];

/** What the name says by a published form; null where it has none, or that form tells no place. */
export function readReverseName(name: DnsName): ReverseName | null {
  for (const { operator, pattern, source } of reverseNameRows) {
    const groups = pattern.exec(name)?.groups;
    if (groups === undefined) continue;
    const { region = null, zone = null, place = null } = groups;
    return { operator, region, zone, place, source };
  }
  const known = readTargetName(name);
  if (known === null || (known.region === null && known.zone === null)) return null;
  const { operator, region, zone, source } = known;
  return { operator, region, zone, place: null, source };
}

/**
 * How zones are called, each between hyphens or the ends of a label. AWS: docs "Regions and Zones" (zones, Local Zones, zone IDs); Google
 * Cloud: docs "Regions and zones". `1a` alone is none: the halves of a pair are called so.
 */
const SHAPES: readonly RegExp[] = [
  /^(?:us|us-gov|us-isob?|eu|ap|sa|ca|af|me|il|mx|cn)-(?:north|south|east|west|central|(?:north|south)(?:east|west))-\d{1,2}(?:-[a-z]{3}-\d{1,2})?[a-z](?=-|$)/,
  /^(?:us|eu|ap|sa|ca|af|me|il|mx|cn)[a-z]{1,2}\d{1,2}-az\d{1,2}(?=-|$)/,
  /^(?:africa|asia|australia|europe|me|northamerica|southamerica|us)-[a-z]{4,9}\d{1,2}-[a-f](?=-|$)/,
  /^(?:az|zone)-?(?:\d{1,2}|[a-h])(?=-|$)/,
];

interface Part {
  readonly text: string;
  /** Index in SHAPES; -1 for what is no zone. */
  readonly shape: number;
}

function partsOf(name: DnsName): readonly (readonly Part[])[] {
  return name.split('.').map((label) => {
    const parts: Part[] = [];
    for (let rest = label; rest !== ''; rest = rest.slice((parts.at(-1)?.text.length ?? 0) + 1)) {
      const shape = SHAPES.findIndex((one) => one.test(rest));
      const text = SHAPES[shape]?.exec(rest)?.[0] ?? rest.split('-', 1)[0] ?? '';
      parts.push({ text, shape });
    }
    return parts;
  });
}

/** Whether the name has a part that looks like a zone: alone it says nothing. */
export function hasZoneWord(name: DnsName): boolean {
  return partsOf(name).some((label) => label.some(({ shape }) => shape >= 0));
}

/**
 * The zone of each name, where names of one service are alike but for one part of one label, and that looks like a zone in each of them:
 * `kms-az1.example`, `kms-az2.example`. Empty for everything else: which of two differences is the zone nobody could tell.
 */
export function zonesByDifference(names: readonly DnsName[]): ReadonlyMap<DnsName, string> {
  const read = [...new Set(names)].map((name) => ({ name, labels: partsOf(name) }));
  const [first, ...others] = read;
  if (first === undefined || others.length === 0) return new Map();
  const isAlike = others.every(
    ({ labels }) =>
      labels.length === first.labels.length && labels.every((parts, at) => parts.length === first.labels[at]?.length),
  );
  if (!isAlike) return new Map();
  const flat = read.map(({ name, labels }) => ({ name, parts: labels.flat() }));
  const own = first.labels.flat();
  const differing = own.flatMap((part, at) => (flat.every(({ parts }) => parts[at]?.text === part.text) ? [] : [at]));
  const [at] = differing;
  if (at === undefined || differing.length > 1) return new Map();
  const shape = own[at]?.shape ?? -1;
  if (shape < 0 || !flat.every(({ parts }) => parts[at]?.shape === shape)) return new Map();
  return new Map(flat.map(({ name, parts }) => [name, parts[at]?.text ?? '']));
}
