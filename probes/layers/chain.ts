// Owns reading which layers an answer passed: edges and proxies by their headers and Via, the service by Server. Pure.
import { type Fields, fieldValue, fieldValues, listOf } from '../../src/model/fields.ts';
import { capture, matches, sameText, type WireText, wireText } from '../../src/model/text.ts';
import type { HttpFacts } from '../../src/model/trace.ts';
import { cdnEntries } from './claims.ts';
import type { LayerRecord } from './evidence.ts';
import { type Sign, signs } from './signs.ts';

export interface Proxy {
  readonly protocol: WireText;
  readonly receivedBy: WireText;
  readonly comment: WireText | null;
}

/** Of one answer; a server may name any number. */
const MAX_LAYERS = 32;

/** `[name/]version received-by [comment]`, RFC 9110 7.6.3, in the order sent: nearest to the origin first. */
export function proxiesOf(headers: HttpFacts['headers']): readonly Proxy[] {
  return listOf(headers, 'via').flatMap((member) => {
    const protocol = capture(member, /^(\S+)\s+\S/);
    const receivedBy = capture(member, /^\S+\s+(\S+)/);
    const comment = capture(member, /\(([^]*)\)\s*$/);
    return protocol === null || receivedBy === null ? [] : [{ protocol, receivedBy, comment }];
  });
}

interface Shown {
  readonly sign: Sign;
  /** Nodes of one product that a request passes one after the other: Fastly lists them, the edge last. */
  readonly nodes: number;
}

function shownIn(headers: Fields): readonly Shown[] {
  const found = signs.filter(({ header, pattern }) =>
    fieldValues(headers, header).some((value) => matches(value, pattern)),
  );
  const firsts = found.filter((sign, at) => found.findIndex(({ name }) => name === sign.name) === at);
  return firsts.map((sign) => ({ sign, nodes: nodesOf(headers, sign) }));
}

function nodesOf(headers: Fields, { header, pattern }: Sign): number {
  if (header !== 'x-served-by') return 1;
  return Math.min(4, listOf(headers, header).filter((member) => matches(member, pattern)).length);
}

/** From the client inwards. What Server names may be the service or the outermost proxy: its kind is unknown. */
export function chainOf({ headers }: HttpFacts): LayerRecord[] {
  const shown = shownIn(headers);
  const rest = [...proxiesOf(headers)].toReversed();
  const known = shown.flatMap(({ sign, nodes }): readonly LayerRecord[] => {
    const layers = Array.from({ length: nodes }, (_, at) => layerOf(sign, at === 0 ? '' : ' shield'));
    // Its own lines in Via say no more; each node wrote one.
    if (sign.kind === 'edge') for (let left = nodes; left > 0; left--) dropFirst(rest, sign);
    return sign.kind === 'proxy' && rest.some((proxy) => isNamedSo(proxy, sign)) ? [] : layers;
  });
  const proxies = rest.map(
    ({ receivedBy }): LayerRecord => ({ name: receivedBy, kind: 'proxy', signal: 'via', confidence: 'high' }),
  );
  const chain = [
    ...known.filter(({ kind }) => kind === 'edge'),
    ...proxies,
    ...known.filter(({ kind }) => kind === 'proxy'),
    ...serverOf(headers, shown),
    ...servicesOf(headers),
  ];
  return chain.slice(0, MAX_LAYERS);
}

function layerOf({ name, kind, header, confidence }: Sign, suffix: string): LayerRecord {
  return { name: wireText(name + suffix), kind, signal: header, confidence };
}

/** Comments name the product where the host name is the proxy's own: `1.1 abc (Varnish/7.1)`. */
function isNamedSo({ receivedBy, comment }: Proxy, { via }: Sign): boolean {
  return via !== null && (matches(receivedBy, via) || (comment !== null && matches(comment, via)));
}

function dropFirst(proxies: Proxy[], sign: Sign): void {
  const at = proxies.findIndex((proxy) => isNamedSo(proxy, sign));
  if (at >= 0) proxies.splice(at, 1);
}

/** Not where it is the very sign, or the name, of a layer that is told already. */
function serverOf(headers: Fields, shown: readonly Shown[]): readonly LayerRecord[] {
  const server = fieldValue(headers, 'server');
  const isTold =
    server !== null &&
    signs.some(
      ({ header, pattern, name }) =>
        header === 'server' && matches(server, pattern) && shown.some(({ sign }) => sign.name === name),
    );
  const isEdge = server !== null && shown.some(({ sign }) => sameText(server, sign.name.toLowerCase()));
  if (server === null || isTold || isEdge) return [];
  return [{ name: server, kind: 'unknown', signal: 'server', confidence: 'low' }];
}

/** What a delivery network measures of itself is no service. */
function servicesOf(headers: Fields): readonly LayerRecord[] {
  const cdn = cdnEntries(headers);
  return listOf(headers, 'server-timing')
    .flatMap((member) => capture(member, /^([^;\s]+)/) ?? [])
    .filter((name) => !cdn.some((entry) => sameText(entry.name, name)))
    .map((name): LayerRecord => ({ name, kind: 'service', signal: 'server-timing', confidence: 'medium' }));
}
