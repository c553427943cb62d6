// Owns reading which layers an answer passed: edges by their headers, proxies by Via, the service by Server. Pure.
import { fieldValue, listOf } from '../../src/model/fields.ts';
import { capture, matches, type WireText, wireText } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';
import type { LayerRecord } from './evidence.ts';

export interface Proxy {
  readonly protocol: WireText;
  readonly receivedBy: WireText;
  readonly comment: WireText | null;
}

/** `[name/]version received-by [comment]`, RFC 9110 7.6.3, in the order sent: nearest to the origin first. */
export function proxiesOf(headers: HttpFacts['headers']): readonly Proxy[] {
  return listOf(headers, 'via').flatMap((member) => {
    const protocol = capture(member, /^(\S+)\s+\S/);
    const receivedBy = capture(member, /^\S+\s+(\S+)/);
    const comment = capture(member, /\(([^]*)\)\s*$/);
    return protocol === null || receivedBy === null ? [] : [{ protocol, receivedBy, comment }];
  });
}

/** Headers that only an edge sets; names and sources as in the balancer probe's table of fingerprints. */
const EDGES: readonly (readonly [string, RegExp, string])[] = [
  ['cf-ray', /^[0-9a-f]{8,32}-[A-Z]{3}$/, 'Cloudflare'],
  ['x-amz-cf-pop', /./, 'Amazon CloudFront'],
  ['x-served-by', /^cache-[a-z]+[0-9]*-[A-Z]{3}/i, 'Fastly'],
];

/** From the client inwards. What Server names may be the service or the outermost proxy: its kind is unknown. */
export function chainOf({ headers }: HttpFacts): LayerRecord[] {
  const edges = EDGES.flatMap(([header, pattern, name]): readonly LayerRecord[] => {
    const value = fieldValue(headers, header);
    return value !== null && matches(value, pattern) ? [{ name: wireText(name), kind: 'edge', signal: header }] : [];
  });
  const proxies = [...proxiesOf(headers)]
    .toReversed()
    .map(({ receivedBy }): LayerRecord => ({ name: receivedBy, kind: 'proxy', signal: 'via' }));
  const server = fieldValue(headers, 'server');
  const last: readonly LayerRecord[] = server === null ? [] : [{ name: server, kind: 'unknown', signal: 'server' }];
  const services = listOf(headers, 'server-timing')
    .flatMap((member) => capture(member, /^([^;\s]+)/) ?? [])
    .map((name): LayerRecord => ({ name, kind: 'service', signal: 'server-timing' }));
  return [...edges, ...proxies, ...last, ...services].slice(0, 32);
}
