// Owns the signed world of these tests: root, example and kms.example, all of it right, to be changed reply by reply.
import type { DnsRecord } from '../../../../src/contract/net.ts';
import { readTrustAnchors } from '../../../../src/net/dns/trust-anchor.ts';
import type { ZoneName } from '../names.ts';
import { readDs, Type } from '../records.ts';
import { openTrace } from '../trace.ts';
import { openValidator } from '../validate.ts';
import { type Answer, dsOf, type Key, makeKey, NOW, type Signing, signedSet, sourceOf } from './signer.ts';

const { A, DNSKEY, DS } = Type;
export const ZONE = 'kms.example';
export const root = makeKey('P-256');
export const tld = makeKey('P-256');
export const zsk = makeKey('P-256', 256);
export const address = (last = 1) => Buffer.from([192, 0, 2, last]);
export type World = Record<string, Answer>;

export function anchorLine(key: Key): string {
  const ds = readDs(dsOf('.', key));
  return ds === null ? '' : `. IN DS ${ds.tag} ${ds.algorithm} ${ds.digestType} ${ds.digest.toString('hex')}`;
}

export const keySet = (zone: string, key: Key, keys: readonly Key[] = [key], how: Signing = {}): Answer => ({
  answers: signedSet(zone, key, { owner: zone, type: DNSKEY, data: keys.map((one) => one.data) }, how),
});
export const dsSet = (zone: string, parent: string, by: Key, data: readonly Buffer[], how: Signing = {}): Answer => ({
  answers: signedSet(parent, by, { owner: zone, type: DS, data }, how),
});
export const addresses = (owner: string, by: Key | null, how: Signing = {}): DnsRecord[] =>
  signedSet(ZONE, by, { owner, type: A, data: [address(2), address(1)] }, how);
export const leaf = (key: Key, ...more: readonly Key[]): World => ({
  'kms.example DS': dsSet(ZONE, 'example', tld, [dsOf(ZONE, key)]),
  'kms.example DNSKEY': keySet(ZONE, key, [key, ...more]),
});

export const ksk = makeKey('P-256');
export const healthy: World = {
  '. DNSKEY': keySet('.', root),
  'example DS': dsSet('example', '.', root, [dsOf('example', tld)]),
  'example DNSKEY': keySet('example', tld),
  ...leaf(ksk, zsk),
  'kms.example A': { answers: addresses(ZONE, zsk) },
};

export async function seen(change: World, name: ZoneName = ZONE as ZoneName) {
  const source = sourceOf({ ...healthy, ...change });
  const trace = openTrace(NOW);
  const bench = { nowSeconds: NOW, verificationsLeft: 200 };
  const anchors = readTrustAnchors(anchorLine(root));
  const outcome = await openValidator({ source, anchors, bench, trace }).judge(name, 'A');
  return { outcome, zones: trace.zones(), asked: source.asked };
}

export async function verdict(change: World, name?: string): Promise<string> {
  const { outcome } = await seen(change, name as ZoneName | undefined);
  if (outcome.state === 'secure') return 'secure';
  const { reason, zone, name: at, type } = outcome.because;
  return `${outcome.state} ${reason} ${zone} ${at} ${type}`;
}
