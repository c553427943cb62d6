// Owns the table from an address to what published lists say of it: whose it is, of which service, where, in which AS. Pure.
// Ships no list and asks nobody: it knows what was put in.
import { bytesOf } from './address-scope.ts';
import { familyOf } from './target.ts';
import type { IpAddress, WireText } from './text.ts';

/** What a cloud says of one of its prefixes. */
export interface Place {
  readonly operator: string;
  /** As the operator writes it: `CLOUDFRONT`, `AzureFrontDoor`. Null for what is just one of its addresses. */
  readonly service: string | null;
  /** As the operator writes it; `global` where it says so, null where it says nothing. */
  readonly region: string | null;
  /** A zone with a location of its own (AWS network border group that is no region). */
  readonly zone: string | null;
}

export interface AutonomousSystem {
  readonly asn: number;
  readonly name: WireText | null;
}

export interface AddressFacts {
  /** The longest prefix that holds the address, of the clouds' lists. */
  readonly prefix: string | null;
  readonly place: Place | null;
  readonly autonomousSystem: AutonomousSystem | null;
}

export interface AddressRanges {
  find(address: IpAddress): AddressFacts;
}

/** IPv4 fits a number; IPv6 does not. Keys of one family are compared with one another only. */
type Key = number | bigint;

function keyOf(address: IpAddress): Key {
  const bytes = bytesOf(address);
  if (bytes.length === 4) return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return BigInt(`0x${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`);
}

/** The network's part of a key: the bits behind it are dropped, so that host bits in a list do no harm. */
function networkPart(key: Key, bits: number): Key {
  return typeof key === 'number' ? Math.floor(key / 2 ** (32 - bits)) : key >> BigInt(128 - bits);
}

interface Row<T> {
  readonly prefix: string;
  readonly value: T;
}

/** By family, then length: a lookup is one step for each length that occurs. */
class Prefixes<T> {
  readonly #byFamily = new Map<4 | 6, Map<number, Map<Key, Row<T>>>>();
  readonly #both: (a: T, b: T) => T;

  /** @param both what holds where a prefix stands in the lists twice */
  constructor(both: (a: T, b: T) => T) {
    this.#both = both;
  }

  add(address: IpAddress, bits: number, value: T): void {
    const byLength = valueOf(this.#byFamily, familyOf(address), () => new Map<number, Map<Key, Row<T>>>());
    const rows = valueOf(byLength, bits, () => new Map<Key, Row<T>>());
    const key = networkPart(keyOf(address), bits);
    const known = rows.get(key);
    rows.set(key, {
      prefix: `${address}/${bits}`,
      value: known === undefined ? value : this.#both(known.value, value),
    });
  }

  /** The longest first. */
  find(address: IpAddress): readonly Row<T>[] {
    const byLength = this.#byFamily.get(familyOf(address)) ?? new Map<number, Map<Key, Row<T>>>();
    const key = keyOf(address);
    const lengths = [...byLength.keys()].toSorted((a, b) => b - a);
    return lengths.flatMap((bits) => byLength.get(bits)?.get(networkPart(key, bits)) ?? []);
  }
}

function valueOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

interface Interval {
  readonly start: Key;
  readonly end: Key;
  readonly system: AutonomousSystem;
}

/** Ranges from one address to another that do not overlap. */
class Intervals {
  readonly #byFamily = new Map<4 | 6, Interval[]>();
  #isSorted = true;

  add(start: IpAddress, end: IpAddress, system: AutonomousSystem): void {
    const rows = valueOf(this.#byFamily, familyOf(start), (): Interval[] => []);
    const row = { start: keyOf(start), end: keyOf(end), system };
    const last = rows.at(-1);
    if (last !== undefined && last.start > row.start) this.#isSorted = false;
    rows.push(row);
  }

  find(address: IpAddress): AutonomousSystem | null {
    this.#sort();
    const rows = this.#byFamily.get(familyOf(address)) ?? [];
    const key = keyOf(address);
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const row = rows[middle];
      if (row !== undefined && row.start <= key) low = middle + 1;
      else high = middle;
    }
    const row = rows[low - 1];
    return row !== undefined && key <= row.end ? row.system : null;
  }

  #sort(): void {
    if (this.#isSorted) return;
    for (const rows of this.#byFamily.values())
      rows.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
    this.#isSorted = true;
  }
}

/** The table while it is filled. */
export class AddressTable implements AddressRanges {
  readonly #places = new Prefixes<Place>(moreSpecific);
  readonly #systems = new Prefixes<AutonomousSystem>((first) => first);
  readonly #intervals = new Intervals();

  addPlace(address: IpAddress, bits: number, place: Place): void {
    this.#places.add(address, bits, place);
  }

  addSystem(address: IpAddress, bits: number, system: AutonomousSystem): void {
    this.#systems.add(address, bits, system);
  }

  addSystemRange(start: IpAddress, end: IpAddress, system: AutonomousSystem): void {
    this.#intervals.add(start, end, system);
  }

  find(address: IpAddress): AddressFacts {
    const rows = this.#places.find(address);
    const [longest] = rows;
    const sameOperator = rows.filter(({ value }) => value.operator === longest?.value.operator);
    const place = sameOperator
      .map(({ value }) => value)
      .reduce<Place | null>((a, b) => (a === null ? b : filled(a, b)), null);
    const system = this.#systems.find(address)[0]?.value ?? this.#intervals.find(address);
    return { prefix: longest?.prefix ?? null, place, autonomousSystem: system };
  }
}

/** What a longer prefix does not say, a shorter one around it may. */
function filled(longer: Place, shorter: Place): Place {
  const { operator } = longer;
  const hasRegion = longer.region !== null;
  return {
    operator,
    service: longer.service ?? shorter.service,
    region: hasRegion ? longer.region : shorter.region,
    zone: hasRegion ? longer.zone : shorter.zone,
  };
}

/** AWS lists each prefix as AMAZON too, Azure each as AzureCloud: a service says more, then a region. */
function moreSpecific(a: Place, b: Place): Place {
  const rank = ({ service, region }: Place) => (service === null ? 0 : 2) + (region === null ? 0 : 1);
  const [better, worse] = rank(b) > rank(a) ? [b, a] : [a, b];
  return better.operator === worse.operator ? filled(better, worse) : better;
}
