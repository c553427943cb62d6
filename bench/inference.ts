// Owns `npm run bench:inference`: what is concluded of balancers whose configuration is known, as a confusion matrix of layer, scope, count and
// algorithm, and whether the goals hold. node bench/inference.ts [--seeds 3] [--only NAME] [-n 200] [--side-by-side 1] [--no-infer] [--no-intrusive] [-v]
import { parseArgs } from 'node:util';
import type { BalancerEvidence } from '../probes/balancer/evidence.ts';
import type { EndpointHosts, HostsEvidence } from '../probes/hosts/evidence.ts';
import { probes } from '../probes/index.ts';
import { observe } from '../src/journey/observe.ts';
import type { RideSettings } from '../src/journey/settings.ts';
import { parseTarget } from '../src/model/target.ts';
import { dnsName, type IpAddress } from '../src/model/text.ts';
import { drawsOf } from '../src/stats/draws.ts';
import { PEM, type Running, start } from '../test/system/rig/fronts.ts';
import { createPki, type Issued } from '../test/system/rig/pki.ts';
import { openRig, type Rig } from '../test/system/rig/rig.ts';
import { findTool } from '../test/system/rig/tools.ts';
import { type Setup, setups } from './inference-setups.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    samples: { type: 'string', short: 'n', default: '200' },
    rate: { type: 'string', default: '50' },
    'side-by-side': { type: 'string', default: '1' },
    infer: { type: 'boolean', default: true },
    intrusive: { type: 'boolean', default: true },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
  allowNegative: true,
});

const ZONES = ['a', 'b', 'c'] as const;

/** Of the hosts behind the address of one zone. */
interface Counted {
  readonly setup: Setup;
  readonly holds: boolean;
  readonly named: string;
  readonly verdict: 'right' | 'also fits' | 'cannot tell' | 'WRONG';
}

/** Of one ride to all three. */
interface Concluded {
  readonly setup: Setup;
  readonly layer: 4 | 7 | null;
  /** Of a second, short ride with `--intrusive`. */
  readonly pushed: 4 | 7 | null;
  readonly scope: 'right' | 'cannot tell' | 'WRONG';
  readonly zones: readonly Counted[];
}

/** Enough for the signals that need several answers. */
const SHORT = 24;

function settingsFor({ scheme, listens }: Running, intrusive = false): RideSettings {
  return {
    target: parseTarget(`${scheme}://kms.test:${listens[0]?.port ?? 0}/`),
    ...{
      samples: intrusive ? SHORT : Number(values.samples),
      rate: Number(values.rate),
      timeoutMs: 5_000,
      deadlineMs: 120_000,
    },
    ...{
      resolvers: [{ address: '127.0.0.1' as IpAddress, port: 53 }],
      families: [4],
      zones: [],
      servername: dnsName('kms.test'),
      identity: null,
    },
    connect: listens.map(({ address }, at) => ({ address: address as IpAddress, port: null, zone: ZONES[at] ?? null })),
    trust: { caPem: null, source: 'roots of Node.js', insecure: true },
    request: { method: 'GET', headers: [], body: null, userAgent: 'outrider-bench' },
    ...{ http: '1.1', probes: ['balancer', 'hosts'] },
    probeOptions: { hosts: { infer: values.infer && !intrusive, burstEveryMs: 100 }, balancer: { intrusive } },
  };
}

async function conclude(rig: Rig, setup: Setup, seed: number, leaf: Issued, id: number): Promise<Concluded> {
  // 2 to 7 hosts in each zone, and as often as not the same ones for all zones.
  const draw = drawsOf(seed * 7919 + id);
  const own = ZONES.map(() => 2 + Math.floor(draw() * 6));
  const isShared = draw() < 0.5;
  const hosts = isShared ? ZONES.map(() => own[0] ?? 2) : own;
  const running = await start(rig, { setup, hosts, isShared, leaf, id });
  try {
    const { evidence } = await rideTo(settingsFor(running), id);
    const pushed = values.intrusive ? (await rideTo(settingsFor(running, true), id)).evidence['balancer'] : null;
    const seen = (evidence['hosts'] as HostsEvidence | null)?.byEndpoint ?? [];
    const balancer = evidence['balancer'] as BalancerEvidence | null;
    const zones = hosts.map((count, zone) => counted(setup, count, seen[zone]));
    const scope = scopeOf(balancer, isShared);
    if (values.verbose) {
      const failed = balancer?.byEndpoint.map(({ failures }) => JSON.stringify(failures)).join(' ') ?? '-';
      console.error(
        `  scope ${scope}: ${isShared ? 'shared' : 'own'}; ${balancer?.scopeBecause ?? '-'}; failures ${failed}`,
      );
    }
    const layers = { layer: balancer?.layer ?? null, pushed: (pushed as BalancerEvidence | null)?.layer ?? null };
    return { setup, ...layers, scope, zones };
  } finally {
    await running.stop();
  }
}

function rideTo(settings: RideSettings, id: number): ReturnType<typeof observe> {
  const { signal } = new AbortController();
  const vantage = { name: 'bench', zone: null, addresses: [] };
  return observe(settings, probes, {
    ...{ id: String(id), startedAtMs: Date.now(), vantage, signal, onProgress: () => undefined },
  });
}

/** Zones with an address each are zonal unless told otherwise: only one that rests on the hosts counts as told. */
function scopeOf(seen: BalancerEvidence | null, isShared: boolean): Concluded['scope'] {
  const because = seen?.scopeBecause ?? '';
  if (seen?.scope === 'regional') return isShared ? 'right' : 'WRONG';
  if (seen?.scope === 'zonal' && because.endsWith('hosts of its own')) return isShared ? 'WRONG' : 'right';
  return 'cannot tell';
}

function counted(setup: Setup, hosts: number, seen: EndpointHosts | undefined): Counted {
  const { low = null, high = null, algorithm = null, alsoFits = [] } = seen ?? {};
  const holds = low !== null && low <= hosts && (high === null || hosts <= high);
  const also = alsoFits.includes(setup.truth);
  const verdict =
    algorithm === setup.truth ? 'right' : algorithm === null ? 'cannot tell' : also ? 'also fits' : 'WRONG';
  const words = `${hosts} hosts, ${seen?.seen ?? '?'} seen by ${seen?.identifiedBy ?? '-'}, interval ${low ?? '?'} to ${high ?? 'any'}; ${algorithm ?? seen?.algorithmBecause ?? '-'}; ${JSON.stringify(seen?.infer ?? null)} ${JSON.stringify(seen?.order ?? null)}`;
  if (values.verbose) console.error(`${verdict.padEnd(11)} ${holds ? '' : 'INTERVAL '}${setup.name}: ${words}`);
  return { setup, holds, named: algorithm ?? 'cannot tell', verdict };
}

function countOf<T>(all: readonly T[], is: (one: T) => boolean): number {
  return all.filter(is).length;
}

/** Where nobody can tell, saying so is right. */
const isRight = ({ hidden, layer: truth }: Setup, layer: 4 | 7 | null): boolean =>
  layer === (hidden === undefined ? truth : null);
const isLayerRight = ({ setup, layer }: Concluded): boolean => isRight(setup, layer);
const isPushedRight = ({ setup, pushed }: Concluded): boolean => isRight(setup, pushed);

const VERDICTS = ['right', 'also fits', 'cannot tell', 'WRONG'] as const;

function row(setup: Setup, all: readonly Concluded[]): string {
  const own = all.filter((one) => one.setup === setup);
  const zones = own.flatMap((one) => one.zones);
  const named = [...Map.groupBy(zones, ({ named: name }) => name)].map(([name, ones]) => `${ones.length} ${name}`);
  const of = <T>(some: readonly T[], is: (one: T) => boolean): string => `${countOf(some, is)}/${some.length}`;
  const mark = setup.hidden === undefined ? ' ' : '*';
  const pushed = values.intrusive ? of(own, isPushedRight) : '-';
  const verdicts = VERDICTS.map((verdict) => String(countOf(zones, (one) => one.verdict === verdict)).padStart(4));
  const layer = `${of(own, isLayerRight).padStart(7)}${mark}`;
  const cells = [layer, pushed.padStart(9), of(own, ({ scope }) => scope === 'right').padStart(6)];
  return `${setup.name.padEnd(32)} ${cells.join(' ')} ${of(zones, ({ holds }) => holds).padStart(9)} ${verdicts.join(' ')}   ${named.join(', ')}`;
}

/** Set-ups that are alike in how hosts are chosen. */
function worstFamily(zones: readonly Counted[]): readonly [name: string, share: number] {
  const families = [...Map.groupBy(zones, ({ setup }) => `${setup.front}, ${setup.truth}`)];
  const shares = families.map(([name, ones]) => [name, countOf(ones, ({ holds }) => holds) / ones.length] as const);
  return shares.toSorted(([, a], [, b]) => a - b)[0] ?? ['none', 0];
}

function goals(all: readonly Concluded[]): readonly string[] {
  const zones = all.flatMap((one) => one.zones);
  const open = all.filter(({ setup }) => setup.hidden === undefined);
  const share = <T>(some: readonly T[], is: (one: T) => boolean): number =>
    countOf(some, is) / Math.max(1, some.length);
  const [layer, pushed] = [share(open, isLayerRight), share(open, isPushedRight)];
  const wrongLayer = share(all, (one) =>
    [one.layer, one.pushed].some((told) => told !== null && told !== one.setup.layer),
  );
  const [family, interval] = worstFamily(zones);
  const wrong = share(zones, ({ verdict }) => verdict === 'WRONG');
  const wrongScope = share(all, ({ scope }) => scope === 'WRONG');
  const line = (name: string, value: number, isMet: boolean | null): string =>
    `${name.padEnd(62)} ${(value * 100).toFixed(1).padStart(5)} %   ${isMet === null ? '' : isMet ? 'met' : 'NOT met'}`.trimEnd();
  return [
    line('layer right by what is sent anyway', layer, null),
    line('layer right with --intrusive where it can be told (goal: all)', pushed, pushed === 1),
    line(
      'layer honestly not told',
      share(all, (one) => one.setup.hidden !== undefined && one.pushed === null),
      null,
    ),
    line('layer named wrongly (goal: never)', wrongLayer, wrongLayer === 0),
    line(
      'scope right',
      share(all, ({ scope }) => scope === 'right'),
      null,
    ),
    line('scope named wrongly (goal: under 5 %)', wrongScope, wrongScope < 0.05),
    line(
      'interval holds the count (goal: 90 %)',
      share(zones, ({ holds }) => holds),
      share(zones, ({ holds }) => holds) >= 0.9,
    ),
    line(`  in the worst family: ${family}`, interval, interval >= 0.9),
    line(
      'algorithm right',
      share(zones, ({ verdict }) => verdict === 'right'),
      null,
    ),
    line('algorithm named wrongly (goal: under 5 %)', wrong, wrong < 0.05),
  ];
}

async function run(rig: Rig): Promise<void> {
  const leaf = await (await createPki(rig)).leaf('leaf');
  await rig.write(PEM, leaf.certificatePem + leaf.keyPem);
  const chosen = setups.filter(({ name, front }) => name.includes(values.only) && isThere(front));
  const seeds = Array.from({ length: Number(values.seeds) }, (_, at) => at + 1);
  const due = seeds.flatMap((seed) => chosen.map((setup, at) => ({ setup, seed, id: seed * 100 + at })));
  const all: Concluded[] = [];
  const worker = async (): Promise<void> => {
    for (let one = due.shift(); one !== undefined; one = due.shift()) {
      all.push(await conclude(rig, one.setup, one.seed, leaf, one.id));
    }
  };
  await Promise.all(Array.from({ length: Number(values['side-by-side']) }, worker));
  console.log(`${'set-up'.padEnd(32)}   layer intrusive  scope  interval  right also untold wrong   named`);
  for (const setup of chosen) console.log(row(setup, all));
  for (const because of new Set(chosen.flatMap(({ hidden }) => hidden ?? [])))
    console.log(`* "cannot tell" is right: ${because}`);
  console.log('');
  for (const line of goals(all)) console.log(line);
}

const PROGRAM = { haproxy: 'haproxy', nginx: 'nginx', varnish: 'varnishd', caddy: 'caddy' } as const;

function isThere(front: Setup['front']): boolean {
  return findTool(PROGRAM[front]) !== null;
}

const missing = ['haproxy', 'nginx', 'varnishd', 'caddy', 'openssl', 'setpriv', 'bash'].filter(
  (name) => findTool(name) === null,
);
const isPoor = ['haproxy', 'nginx', 'openssl', 'setpriv', 'bash'].some((name) => missing.includes(name));
if (missing.length > 0)
  console.error(
    `bench: ${isPoor ? 'inference is NOT tried' : 'NOT all is tried'} on this machine: no ${missing.join(', no ')}`,
  );
if (!isPoor) {
  const rig = await openRig();
  try {
    await run(rig);
  } finally {
    await rig.close();
  }
}
