// Owns what the service's name and addresses say of what stands there: the shapes of names that operators document, and published ranges.
// Asks nobody; a name or an address that no table knows says nothing.
import type { AddressRanges, Place } from '../../src/model/address-ranges.ts';
import type { Endpoint } from '../../src/model/target.ts';
import { readTargetName, type TargetName } from '../../src/model/target-names.ts';
import type { EndpointId } from '../../src/model/text.ts';
import type { Lookup } from '../../src/model/trace.ts';
import type { Signal } from './evidence.ts';

type Meaning = Pick<Signal, 'layer' | 'product' | 'scope' | 'shields' | 'weight'>;

/** Of rows of target-names.ts that are balancers: by `operator product`. */
const BALANCERS: Readonly<Record<string, Meaning>> = {
  // Which of the two the name does not tell, and the Classic one knows TCP as well.
  'AWS Application or Classic Load Balancer': {
    ...{ layer: null, product: 'AWS Elastic Load Balancing', scope: 'regional', shields: false, weight: 2 },
  },
  'AWS Network Load Balancer': { layer: 4, product: 'AWS NLB', scope: 'regional', shields: false, weight: 3 },
  'AWS Global Accelerator': {
    ...{ layer: 4, product: 'AWS Global Accelerator', scope: 'global', shields: false, weight: 3 },
  },
  // Answers DNS questions and carries no traffic.
  'Microsoft Azure Traffic Manager': {
    ...{ layer: null, product: 'Azure Traffic Manager', scope: null, shields: false, weight: 1 },
  },
  'AWS VPC endpoint': { layer: null, product: 'AWS PrivateLink', scope: 'regional', shields: false, weight: 2 },
};

function meaningOf({ operator, product, kind, region, zone }: TargetName): Meaning | null {
  const name = product.startsWith(operator) ? product : `${operator} ${product}`;
  const known = BALANCERS[name];
  if (known !== undefined) return zone === null ? known : { ...known, scope: 'zonal' };
  if (kind === 'cdn') return { layer: 7, product: name, scope: 'global', shields: true, weight: 3 };
  const scope = region === null ? null : 'regional';
  return kind === 'platform' ? { layer: 7, product: name, scope, shields: false, weight: 2 } : null;
}

/** One signal for each product that the alias chain leads to. */
export function fromNames(lookup: Lookup | null, endpoints: EndpointId[]): readonly Signal[] {
  if (lookup === null) return [];
  const chain = [...(lookup.aliases ?? []).map(({ name }) => name), lookup.canonicalName];
  const signals = chain.flatMap((name): readonly Signal[] => {
    const found = readTargetName(name);
    const meaning = found === null ? null : meaningOf(found);
    if (found === null || meaning === null) return [];
    const says = `the name leads to ${meaning.product}`;
    return [{ signal: 'alias', says, ...meaning, endpoints, source: found.source }];
  });
  return signals.filter(({ product }, index) => signals.findIndex((one) => one.product === product) === index);
}

/** Services of the clouds' lists whose addresses carry one product only; the names are the operators'. Null: of a list that names none. */
const SERVICES: readonly (readonly [operator: string, service: RegExp | null, meaning: Meaning])[] = [
  ['AWS', /^CLOUDFRONT$/, { layer: 7, product: 'Amazon CloudFront', scope: 'global', shields: true, weight: 3 }],
  [
    'AWS',
    /^GLOBALACCELERATOR$/,
    { layer: 4, product: 'AWS Global Accelerator', scope: 'global', shields: false, weight: 3 },
  ],
  ['AWS', /^API_GATEWAY$/, { layer: 7, product: 'AWS API Gateway', scope: 'regional', shields: false, weight: 2 }],
  [
    'Microsoft Azure',
    /^AzureFrontDoor/,
    { layer: 7, product: 'Azure Front Door', scope: 'global', shields: true, weight: 3 },
  ],
  // Lists of edges only: they name no service, and Cloudflare forwards TCP from the same ones (Spectrum).
  ['Cloudflare', null, { layer: null, product: 'Cloudflare', scope: 'global', shields: true, weight: 3 }],
  ['Fastly', null, { layer: 7, product: 'Fastly', scope: 'global', shields: true, weight: 3 }],
];

/** An address that its operator announces everywhere: one of them is served from many places. */
const EVERYWHERE: Meaning = { layer: null, product: null, scope: 'global', shields: false, weight: 1 };

function ofPlace({ operator, service, region }: Place): Meaning | null {
  const row = SERVICES.find(
    ([of, pattern]) =>
      of === operator && (pattern === null ? service === null : service !== null && pattern.test(service)),
  );
  if (row !== undefined) return row[2];
  return region?.toLowerCase() === 'global' ? EVERYWHERE : null;
}

/** What the lists of `--networks` say of the addresses. */
export function fromRanges(networks: AddressRanges | undefined, endpoints: readonly Endpoint[]): readonly Signal[] {
  if (networks === undefined) return [];
  const found = endpoints.flatMap(({ id, address }) => {
    const { place } = networks.find(address);
    const meaning = place === null ? null : ofPlace(place);
    return place === null || meaning === null ? [] : [{ id, place, meaning }];
  });
  const groups = Map.groupBy(found, ({ place: { operator, service }, meaning }) => {
    return meaning.product ?? `${operator} ${service ?? ''}`;
  });
  return [...groups.values()].flatMap((group): readonly Signal[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { place, meaning } = first;
    const says =
      meaning.product === null
        ? `${place.operator} announces the address everywhere (anycast)`
        : `the address is in a range that ${place.operator} uses for ${meaning.product}`;
    const holders = group.map(({ id }) => id);
    return [{ signal: 'address range', says, ...meaning, endpoints: holders, source: `the list of ${place.operator}` }];
  });
}
