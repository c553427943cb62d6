// Owns the two exporters side by side, with one blackbox.yml, and the reading of what they say. Debian's is blackbox_exporter 0.23.0.
import { CHAIN_HELP } from '../../../src/blackbox/chain-life.ts';
import { freePort } from './ports.ts';
import { probeArgv } from './probe.ts';
import { HERE, outputOf, type Place, type Rig } from './rig.ts';

export const EXPORTER = 'prometheus-blackbox-exporter';
export const ADDRESS = '127.0.60.120';

/** Value by series, in the exposition's own words: `name{label="value"}`. */
export type Series = ReadonlyMap<string, number>;

export interface Pair {
  /** What each says of one probe. */
  probe(module: string, target: string, more?: string): Promise<{ readonly theirs: Series; readonly ours: Series }>;
  /** What Debian's writes down while it probes. */
  log(module: string, target: string): Promise<string>;
}

export async function startPair(rig: Rig, config: string, place: Place = HERE, address = ADDRESS): Promise<Pair> {
  const file = await rig.write('blackbox.yml', config);
  const [theirs, ours] = [await freePort([address]), await freePort([address])];
  const answers = (port: number) => ['curl', '-sf', '-o', '/dev/null', `http://${address}:${port}/-/healthy`];
  await rig.start({
    name: EXPORTER,
    place,
    argv: [EXPORTER, `--config.file=${file}`, `--web.listen-address=${address}:${theirs}`],
    answers: answers(theirs),
  });
  await rig.start({
    name: 'probe serve',
    place,
    argv: probeArgv(['serve', '--blackbox-config', file, '--listen', `${address}:${ours}`]),
    answers: answers(ours),
  });
  const ask = async (port: number, query: URLSearchParams): Promise<string> => {
    const url = `http://${address}:${port}/probe?${query.toString()}`;
    return place.length === 0 ? (await fetch(url)).text() : outputOf([...place, 'curl', '-s', url]);
  };
  const both = async (query: URLSearchParams) => {
    const [one, other] = await Promise.all([ask(theirs, query), ask(ours, query)]);
    return { theirs: one, ours: other };
  };
  return {
    async probe(module, target, more = '') {
      const pages = await both(new URLSearchParams(`${new URLSearchParams({ module, target }).toString()}${more}`));
      return { theirs: readSeries(pages.theirs), ours: readSeries(pages.ours) };
    },
    log: (module, target) => ask(theirs, new URLSearchParams({ module, target, debug: 'true' })),
  };
}

export function readSeries(page: string): Series {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))] as const;
    }),
  );
}

/** Not in 0.23: of master as it is read (0.28), or of this program alone. */
export const YOUNGER: Readonly<Record<string, string>> = {
  probe_tls_cipher_info: '0.26 (#1203)',
  probe_failed_due_to_bytes: '0.28 (#1441)',
  probe_timeout_seconds: 'behind 0.28 (#1571)',
  probe_failure_info: 'beside the exporter: why a probe failed',
  ...Object.fromEntries(Object.keys(CHAIN_HELP).map((family) => [family, 'beside the exporter: when its chain ends'])),
};
/** Labels that 0.23 does not have, of families that it has. */
const YOUNGER_LABELS = /,serialnumber="[^"]*"|serialnumber="[^"]*",/;

/** Times differ from one probe to the next. Whether they are there, and are 0, does not. */
const TIMES = /_duration_seconds|_lookup_time_seconds/;

/** Each difference in a line; empty: the same. */
export function differences({ theirs, ours }: { readonly theirs: Series; readonly ours: Series }): readonly string[] {
  const mine = new Map(
    [...ours]
      .filter(([name]) => !Object.hasOwn(YOUNGER, familyOf(name)))
      .map(([name, value]) => [name.replace(YOUNGER_LABELS, ''), value] as const),
  );
  return unlike(theirs, mine);
}

/** The same of two that have the same families. */
export function unlike(theirs: Series, ours: Series): readonly string[] {
  const names = new Set([...theirs.keys(), ...ours.keys()]);
  return [...names].flatMap((name) => {
    const [one, other] = [theirs.get(name), ours.get(name)];
    if (one === undefined || other === undefined) return [`${name}: ${told(one)} there, ${told(other)} here`];
    const same = TIMES.test(name) ? (one === 0) === (other === 0) : one === other;
    return same ? [] : [`${name}: ${one} there, ${other} here`];
  });
}

const told = (value: number | undefined): string => (value === undefined ? 'absent' : String(value));
const familyOf = (series: string): string => series.split('{')[0] ?? series;

export const success = (series: Series): number => series.get('probe_success') ?? Number.NaN;

/** Probes side by side that are under way at once. */
const AT_ONCE = 4;

export async function eachOf<In, Out>(all: readonly In[], run: (one: In) => Promise<Out>): Promise<readonly Out[]> {
  const found: Out[] = [];
  const left = [...all.entries()];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) found[next[0]] = await run(next[1]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found;
}
