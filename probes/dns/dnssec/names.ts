// Owns names as the octets that signatures cover: lower case, uncompressed (RFC 4034 6.2), in canonical order (6.1).
// Never compares names as text: a dot inside a label is no dot between labels.
import type { DnsName } from '../../../src/model/text.ts';

/** A zone or owner on the way, as text that came from us or passed `dnsName`. */
export type ZoneName = DnsName | '.';

/** RFC 1035 2.3.4 */
const MAX_OCTETS = 255;
const MAX_LABEL_OCTETS = 63;

/** Octets of a name in master-file text (`\DDD` and `\X` escapes, RFC 1035 5.1); null when it is none. */
export function nameOctets(text: string): Buffer | null {
  if (text === '.' || text === '') return Buffer.from([0]);
  const labels: number[][] = [[]];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '.') {
      if (at < text.length - 1) labels.push([]);
      continue;
    }
    const digits = character === '\\' ? /^\d{3}/.exec(text.slice(at + 1, at + 4))?.[0] : undefined;
    const octet = digits !== undefined ? Number(digits) : text.charCodeAt(character === '\\' ? ++at : at);
    if (digits !== undefined) at += 3;
    if (!(octet <= 0xff)) return null;
    labels.at(-1)?.push(octet);
  }
  if (labels.some((label) => label.length === 0 || label.length > MAX_LABEL_OCTETS)) return null;
  const octets = Buffer.from([...labels.flatMap((label) => [label.length, ...label]), 0]);
  return octets.length > MAX_OCTETS ? null : lowerCased(octets);
}

/** An uncompressed name in record data, and where it ends; null when it runs past the end. */
export function readOctets(data: Buffer, start: number): { readonly name: Buffer; readonly end: number } | null {
  let at = start;
  for (;;) {
    const length = data[at];
    if (length === undefined || length > MAX_LABEL_OCTETS || at - start >= MAX_OCTETS) return null;
    at += length + 1;
    if (length === 0) return at > data.length ? null : { name: data.subarray(start, at), end: at };
  }
}

/** ASCII letters only (RFC 4343); length octets are below the letters. */
export function lowerCased(name: Buffer): Buffer {
  return Buffer.from(name.map((octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet)));
}

/** The labels from the left, the root's empty one left out. */
export function labelsOf(name: Buffer): readonly Buffer[] {
  const labels: Buffer[] = [];
  for (let at = 0; (name[at] ?? 0) !== 0; at += (name[at] ?? 0) + 1) {
    labels.push(name.subarray(at + 1, at + 1 + (name[at] ?? 0)));
  }
  return labels;
}

export function fromLabels(labels: readonly Buffer[]): Buffer {
  return Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.from([0])]);
}

/** The last `count` labels of a name. */
export function lastLabels(name: Buffer, count: number): Buffer {
  const labels = labelsOf(name);
  return fromLabels(labels.slice(Math.max(0, labels.length - count)));
}

/** RFC 4592 2.1.1: `*` before the name. */
export function wildcardOf(name: Buffer): Buffer {
  return Buffer.concat([Buffer.from([1, 0x2a]), name]);
}

/** True for the name itself too. */
export function isWithin(name: Buffer, zone: Buffer): boolean {
  return lastLabels(name, labelsOf(zone).length).equals(zone) && name.length >= zone.length;
}

/** Labels that both have at their right end. */
export function sharedLabels(a: Buffer, b: Buffer): number {
  const [left, right] = [labelsOf(a), labelsOf(b)];
  let count = 0;
  while (count < left.length && count < right.length) {
    const [one, other] = [left.at(-1 - count), right.at(-1 - count)];
    if (one === undefined || other === undefined || !one.equals(other)) break;
    count += 1;
  }
  return count;
}

/** RFC 4034 6.1: label by label from the right, each as octets. */
export function compareNames(a: Buffer, b: Buffer): number {
  const [left, right] = [labelsOf(a).toReversed(), labelsOf(b).toReversed()];
  for (let index = 0; ; index++) {
    const [one, other] = [left[index], right[index]];
    if (one === undefined || other === undefined) return (one === undefined ? 0 : 1) - (other === undefined ? 0 : 1);
    const order = Buffer.compare(one, other);
    if (order !== 0) return order;
  }
}

/** The name above; null above the root. */
export function parentOf(name: ZoneName): ZoneName | null {
  if (name === '.') return null;
  const dot = name.indexOf('.');
  return dot < 0 ? '.' : (name.slice(dot + 1) as ZoneName);
}
