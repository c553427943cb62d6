// Owns `npm run bench:inference`: what is concluded of balancers whose configuration is known, as a confusion matrix of layer, count and
// algorithm, and whether the goals hold. node bench/inference.ts [--seeds 3] [--only NAME] [-n 200] [--side-by-side 1] [--no-infer]
import { parseArgs } from 'node:util';
import type { BalancerEvidence } from '../probes/balancer/evidence.ts';
import type { HostsEvidence } from '../probes/hosts/evidence.ts';
import { probes } from '../probes/index.ts';
import { observe } from '../src/journey/observe.ts';
import type { RideSettings } from '../src/journey/settings.ts';
import { parseTarget } from '../src/model/target.ts';
import { dnsName, type IpAddress } from '../src/model/text.ts';
import { drawsOf } from '../src/stats/draws.ts';
import { createPki, type Issued } from '../test/system/rig/pki.ts';
import { openRig, type Rig } from '../test/system/rig/rig.ts';
import { findTool } from '../test/system/rig/tools.ts';
import type { Listen } from '../test/system/rig/web.ts';
import { type Setup, setups, start } from './inference-setups.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    samples: { type: 'string', short: 'n', default: '200' },
    rate: { type: 'string', default: '100' },
    'side-by-side': { type: 'string', default: '1' },
    infer: { type: 'boolean', default: true },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
  allowNegative: true,
});

interface Concluded {
  readonly setup: Setup;
  readonly hosts: number;
  readonly layer: 4 | 7 | null;
  readonly holds: boolean;
  readonly named: string;
  readonly verdict: 'right' | 'also fits' | 'cannot tell' | 'WRONG';
  readonly words: string;
}

function settingsFor({ address, port }: Listen): RideSettings {
  return {
    target: parseTarget(`https://kms.test:${port}/`),
    ...{ samples: Number(values.samples), rate: Number(values.rate), timeoutMs: 5_000, deadlineMs: 120_000 },
    ...{
      resolvers: [{ address: '127.0.0.1' as IpAddress, port: 53 }],
      families: [4],
      zones: [],
      servername: dnsName('kms.test'),
      identity: null,
    },
    connect: [{ address: address as IpAddress, port: null, zone: null }],
    trust: { caPem: null, source: 'roots of Node.js', insecure: true },
    request: { method: 'GET', headers: [], body: null, userAgent: 'outrider-bench' },
    ...{ http: '1.1', probes: ['balancer', 'hosts'] },
    probeOptions: { hosts: { infer: values.infer, burstEveryMs: 100 } },
  };
}

async function conclude(rig: Rig, setup: Setup, seed: number, leaf: Issued, id: number): Promise<Concluded> {
  // 2 to 7 hosts; two fewer weights than that would be no weights.
  const hosts = 2 + Math.floor(drawsOf(seed * 7919 + id)() * 6);
  const running = await start(rig, setup, hosts, leaf, id);
  try {
    const { signal } = new AbortController();
    const vantage = { name: 'bench', zone: null, addresses: [] };
    const context = { id: String(id), startedAtMs: Date.now(), vantage, signal, onProgress: () => undefined };
    const { evidence } = await observe(settingsFor(running.listen), probes, context);
    const [seen] = (evidence['hosts'] as HostsEvidence | null)?.byEndpoint ?? [];
    const layer = (evidence['balancer'] as BalancerEvidence | null)?.layer ?? null;
    const { low = null, high = null, algorithm = null, alsoFits = [] } = seen ?? {};
    const holds = low !== null && low <= hosts && (high === null || hosts <= high);
    const also = alsoFits.includes(setup.truth);
    const verdict =
      algorithm === setup.truth ? 'right' : algorithm === null ? 'cannot tell' : also ? 'also fits' : 'WRONG';
    const words = `${hosts} hosts, ${seen?.seen ?? '?'} seen by ${seen?.identifiedBy ?? '-'}, interval ${low ?? '?'} to ${high ?? 'any'}; ${algorithm ?? seen?.algorithmBecause ?? '-'}; ${JSON.stringify(seen?.infer ?? null)} ${JSON.stringify(seen?.order ?? null)}`;
    return { setup, hosts, layer, holds, named: algorithm ?? 'cannot tell', verdict, words };
  } finally {
    await running.stop();
  }
}

function countOf(all: readonly Concluded[], is: (one: Concluded) => boolean): number {
  return all.filter(is).length;
}

function row(setup: Setup, all: readonly Concluded[]): string {
  const own = all.filter((one) => one.setup === setup);
  const named = [...Map.groupBy(own, ({ named: name }) => name)].map(([name, ones]) => `${ones.length} ${name}`);
  const of = (is: (one: Concluded) => boolean): string => `${countOf(own, is)}/${own.length}`;
  const verdicts = (['right', 'also fits', 'cannot tell', 'WRONG'] as const).map((verdict) =>
    String(countOf(own, (one) => one.verdict === verdict)).padStart(4),
  );
  return `${setup.name.padEnd(32)} ${of(({ layer }) => layer === setup.layer).padStart(6)} ${of(({ holds }) => holds).padStart(9)} ${verdicts.join(' ')}   ${named.join(', ')}`;
}

function goals(all: readonly Concluded[]): readonly string[] {
  const share = (is: (one: Concluded) => boolean): number => countOf(all, is) / all.length;
  const [layer, interval] = [share((one) => one.layer === one.setup.layer), share(({ holds }) => holds)];
  const wrongLayer = share((one) => one.layer !== null && one.layer !== one.setup.layer);
  const wrong = share(({ verdict }) => verdict === 'WRONG');
  const line = (name: string, value: number, isMet: boolean): string =>
    `${name.padEnd(44)} ${(value * 100).toFixed(1).padStart(5)} %   ${isMet ? 'met' : 'NOT met'}`;
  return [
    line('layer right (goal: all)', layer, layer === 1),
    line('layer wrong, the rest not told', wrongLayer, wrongLayer === 0),
    line('interval holds the count (goal: 90 %)', interval, interval >= 0.9),
    line('algorithm named wrongly (goal: under 5 %)', wrong, wrong < 0.05),
  ];
}

async function run(rig: Rig): Promise<void> {
  const leaf = await (await createPki(rig)).leaf('leaf');
  await rig.write('haproxy.pem', leaf.certificatePem + leaf.keyPem);
  const chosen = setups.filter(({ name }) => name.includes(values.only));
  const seeds = Array.from({ length: Number(values.seeds) }, (_, at) => at + 1);
  const due = seeds.flatMap((seed) => chosen.map((setup, at) => ({ setup, seed, id: seed * 100 + at })));
  const all: Concluded[] = [];
  const worker = async (): Promise<void> => {
    for (let one = due.shift(); one !== undefined; one = due.shift()) {
      const concluded = await conclude(rig, one.setup, one.seed, leaf, one.id);
      all.push(concluded);
      if (values.verbose) console.error(`${concluded.verdict.padEnd(11)} ${one.setup.name}: ${concluded.words}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values['side-by-side']) }, worker));
  console.log(`${'set-up'.padEnd(32)}  layer  interval  right also untold wrong   named`);
  for (const setup of chosen) console.log(row(setup, all));
  console.log('');
  for (const line of goals(all)) console.log(line);
}

const missing = ['haproxy', 'nginx', 'openssl', 'setpriv', 'bash'].filter((name) => findTool(name) === null);
if (missing.length > 0) {
  console.error(`bench: inference is NOT tried on this machine: no ${missing.join(', no ')}`);
} else {
  const rig = await openRig();
  try {
    await run(rig);
  } finally {
    await rig.close();
  }
}
