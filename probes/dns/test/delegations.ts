// Owns a delegation as data for this probe's tests: a root, `example` and kms.example, each at two addresses.
import type { Answer, StringAnswer } from 'dns-packet';
import { parseTarget } from '../../../src/model/target.ts';
import { visible } from '../../../src/model/text.ts';
import { AA, type Asked, type Respond, reply, soa } from '../../../src/net/dns/test/servers.ts';
import { type DnsEvidence, dnsEvidenceSchema } from '../evidence.ts';
import { judgement } from '../judgement.ts';
import { dnsPolicySchema } from '../options.ts';
import { play, type Scene } from './scene.ts';
import { a, authority, ns, resolver, type Zone } from './zones.ts';

export const kms: Zone = {
  zone: 'kms.example',
  serial: 7,
  records: [
    ns('kms.example', 'ns1.kms.example'),
    ns('kms.example', 'ns2.kms.example'),
    a('ns1.kms.example', '127.0.0.11'),
    a('ns2.kms.example', '127.0.0.12'),
    a('kms.example', '192.0.2.1'),
  ],
};
export const rootNames = ['a.root.test', 'b.root.test', 'c.root.test', 'd.root.test', 'e.root.test'];
export const rootAddress = (index: number) => `127.0.0.${21 + index}`;
const roots = (count: number): Zone => ({
  zone: 'root.test',
  records: rootNames.slice(0, count).map((name, index) => a(name, rootAddress(index))),
});

/** A resolver that knows the first so many root servers beside the zones given. */
export function resolving(count: number, ...zones: readonly Zone[]): Respond {
  const rest = resolver(...zones, roots(count));
  const answers = rootNames.slice(0, count).map((name) => ns('.', name));
  return (asked) => (asked.name === '.' ? reply(asked, { answers }) : rest(asked));
}

export interface Cut {
  readonly child: string;
  readonly names?: readonly string[];
  readonly glue?: readonly StringAnswer[];
  readonly ds?: number;
}

export const kmsCut: Cut = {
  child: 'kms.example',
  names: ['ns1.kms.example', 'ns2.kms.example'],
  glue: [a('ns1.kms.example', '127.0.0.11'), a('ns2.kms.example', '127.0.0.12')],
};
export const exampleCut: Cut = {
  child: 'example',
  names: ['a.nic.example', 'b.nic.example'],
  glue: [a('a.nic.example', '127.0.0.31'), a('b.nic.example', '127.0.0.32')],
};

/** An authority for one zone that delegates others. */
export function above(zone: string, ...cuts: readonly Cut[]): Respond {
  const digest = { keyTag: 1, algorithm: 13, digestType: 2, digest: Buffer.alloc(32) };
  return (asked: Asked) => {
    const name = asked.name.toLowerCase();
    const apex: Answer = { ...soa(zone === '.' ? 'root' : zone), name: zone } as Answer;
    if (name === zone) return reply(asked, { flags: AA, answers: asked.type === 'SOA' ? [apex] : [] });
    const cut = cuts.find(({ child }) => name === child || name.endsWith(`.${child}`));
    if (cut === undefined) return reply(asked, { flags: AA, rcode: 'NXDOMAIN', authorities: [apex] });
    const { child, names = [], glue = [], ds = 0 } = cut;
    if (asked.type === 'DS' && name === child) {
      const answers = Array.from({ length: ds }, (): Answer => ({ type: 'DS', name: child, data: digest }));
      return reply(asked, { flags: AA, answers, authorities: ds > 0 ? [] : [apex] });
    }
    return reply(asked, { authorities: names.map((target) => ns(child, target)), additionals: [...glue] });
  };
}

export const silent: Respond = () => null;
const world: Scene = {
  name: 'kms.example',
  resolver: resolving(2, kms),
  authorities: {
    '127.0.0.11': authority(kms),
    '127.0.0.12': authority(kms),
    '127.0.0.21': above('.', exampleCut),
    '127.0.0.22': above('.', exampleCut),
    '127.0.0.31': above('example', { ...kmsCut, ds: 2 }),
    '127.0.0.32': above('example', { ...kmsCut, ds: 2 }),
  },
};

export async function walked(change: Partial<Scene> = {}, replaced: Readonly<Record<string, Respond>> = {}) {
  const scene = { ...world, ...change };
  const played = await play({ ...scene, authorities: { ...scene.authorities, ...replaced } });
  if (!('value' in played.attempt) || played.attempt.value === null) throw new Error('nothing was gathered');
  const dns: DnsEvidence = dnsEvidenceSchema.parse(JSON.parse(JSON.stringify(played.attempt.value)));
  return { dns, leaf: dns.delegation.at(-1), ...played };
}

/** What is found, by id: severity and words. */
export function found(dns: DnsEvidence): Readonly<Record<string, readonly string[]>> {
  const given = {
    policy: dnsPolicySchema.parse({}),
    asOfMs: 0,
    target: parseTarget('kms.example'),
    endpoints: [],
    hops: [],
  };
  const seen = judgement.checks.flatMap((check) => {
    const judged = check.judge({ dns }, given);
    return judged.outcome === 'found' ? judged.seen.map((one) => ({ check, one })) : [];
  });
  const words = seen.map(({ check: { id, severity }, one }) => ({
    id,
    says: `${one.severity ?? severity}: ${one.what.map((piece) => (typeof piece === 'number' ? `${piece}` : visible(piece))).join('')}`,
  }));
  return Object.fromEntries(
    [...Map.groupBy(words, ({ id }) => id)].map(([id, all]) => [id, all.map(({ says }) => says)]),
  );
}
