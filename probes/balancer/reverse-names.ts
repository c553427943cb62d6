// Owns the names that the service's addresses carry (PTR): whose are asked for, beside the ride, and what they say of zones. A name is what
// the owner of the address writes: it counts only when it leads back to the address, and is never more than a hint.
import type { DnsServer } from '../../src/contract/net.ts';
import type { Gather, GatherContext, ZoneTold } from '../../src/contract/probe.ts';
import { addressScope } from '../../src/model/address-scope.ts';
import type { Json } from '../../src/model/json.ts';
import { hasZoneWord, type ReverseName, readReverseName, zonesByDifference } from '../../src/model/reverse-names.ts';
import { capture, type DnsName, dnsName, type IpAddress, interpret, type WireText } from '../../src/model/text.ts';
import { leadsBack, pointerNames, resolverOf } from '../../src/net/dns/pointer-names.ts';
import type { BalancerEvidence, ReverseNameRecord } from './evidence.ts';
import type { BalancerOptions } from './options.ts';

/** Addresses whose names are asked for, names of one address that are read, and how long all of it may take, ms. */
const MAX_ADDRESSES = 16;
const MAX_NAMES = 4;
const NAMES_MS = 1000;

/** What it hands over: a record for each address that has a name. */
export const askNames: Gather<Json, BalancerOptions> = async (context) => {
  const { net, options, endpoints, lookup } = context;
  if (!options.reverseNames) return { state: 'skipped', because: 'names of addresses were not asked for' };
  if (endpoints.every(({ zone }) => zone !== null)) return { state: 'skipped', because: 'every zone is known' };
  const resolver = resolverOf(net.dns, lookup?.resolver ?? null);
  const addresses = [...new Set(endpoints.map(({ address }) => address))];
  const asked = addresses.filter((address) => resolver !== null && mayBeAsked(address, resolver));
  if (resolver === null || asked.length === 0)
    return { state: 'skipped', because: 'the resolver is nobody to ask for the names of these addresses' };
  const beganMs = net.now();
  const value = await recordsOf(context, resolver, asked.slice(0, MAX_ADDRESSES));
  return { state: 'complete', value: value as unknown as Json, elapsedMs: net.now() - beganMs };
};

/** Names of addresses inside a site are the site's own business (RFC 6303): they are asked of a resolver of the site alone. */
function mayBeAsked(address: IpAddress, resolver: DnsServer): boolean {
  const scope = addressScope(address);
  if (scope !== 'private') return scope === 'public';
  return 'address' in resolver && addressScope(resolver.address) !== 'public';
}

interface Named {
  readonly address: IpAddress;
  readonly text: WireText;
  /** Null for what is no host name. */
  readonly name: DnsName | null;
}

async function recordsOf(
  { net, signal }: GatherContext<BalancerOptions>,
  resolver: DnsServer,
  addresses: readonly IpAddress[],
): Promise<readonly ReverseNameRecord[]> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(NAMES_MS)]);
  const told = await pointerNames(net.dns, resolver, addresses, soon);
  const named = [...told].flatMap(([address, texts]) => chosenOf(address, texts.slice(0, MAX_NAMES)));
  const confirmed = await Promise.all(
    named.map(async ({ address, name }) =>
      name !== null && saysSomething(name) ? await leadsBack(net.dns, resolver, { name, address }, soon) : null,
    ),
  );
  const sure = named.flatMap(({ name }, at) => (name !== null && confirmed[at] === true ? [name] : []));
  const byDifference = zonesByDifference(sure.filter((name) => readReverseName(name) === null));
  return named.map(({ address, text, name }, at): ReverseNameRecord => {
    const isSure = name !== null && confirmed[at] === true;
    const read = isSure ? readReverseName(name) : null;
    const zone = read?.zone ?? (isSure ? (byDifference.get(name) ?? null) : null);
    return { address, name: text, confirmed: confirmed[at] ?? null, zone, ...placeOf(read), used: false };
  });
}

const placeOf = (read: ReverseName | null) => ({
  region: read?.region ?? null,
  place: read?.place ?? null,
  operator: read?.operator ?? null,
  source: read?.source ?? null,
});

const saysSomething = (name: DnsName): boolean => readReverseName(name) !== null || hasZoneWord(name);

/** Of several names the first that says where the address stands, else the first. */
function chosenOf(address: IpAddress, texts: readonly WireText[]): readonly Named[] {
  const named = texts.map((text) => ({ address, text: cut(text), name: interpret(text, dnsName) }));
  return named.toSorted((a, b) => rank(b) - rank(a)).slice(0, 1);
}

const rank = ({ name }: Named): number => (name !== null && saysSomething(name) ? 1 : 0);

/** A name has 253 characters (RFC 1035 2.3.4), more where strange ones are spelled out. */
const cut = (text: WireText): WireText => capture(text, /^(.{0,253})/su) ?? text;

/** What was handed over, for the zones that nobody else told. */
export function zonesTold(told: Json): readonly ZoneTold[] {
  return (told as unknown as readonly ReverseNameRecord[]).flatMap(({ address, zone }) =>
    zone === null ? [] : [{ address, zone }],
  );
}

/** For the record: which names gave their endpoint its zone. Absent where nobody was asked. */
export function namesOf({ beside, endpoints }: GatherContext<BalancerOptions>): Pick<BalancerEvidence, 'reverseNames'> {
  const told = beside?.state === 'complete' ? (beside.value as unknown as readonly ReverseNameRecord[]) : null;
  if (told === null) return {};
  const served = new Set(endpoints.flatMap((one) => (one.zoneSource === 'reverse-name' ? [one.address] : [])));
  return { reverseNames: told.map((one) => ({ ...one, used: served.has(one.address) })) };
}
