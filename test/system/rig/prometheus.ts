// Owns Prometheus and Alertmanager of a test, with what stands under deploy/prometheus: the same jobs and rules, at the test's addresses and pace.
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePort } from './ports.ts';
import { HERE, type Rig } from './rig.ts';

const DEPLOYED = resolve(import.meta.dirname, '../../../deploy/prometheus');

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  /** Unix time, and the value as text. */
  readonly value: readonly [number, string];
}

export interface Prometheus {
  readonly listen: string;
  /** An instant query. */
  query(expression: string): Promise<readonly Sample[]>;
}

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Alertmanager {
  readonly listen: string;
  /** What it holds to be firing. */
  alerts(): Promise<readonly Alert[]>;
}

interface Job {
  readonly job_name: string;
  readonly relabel_configs?: readonly Readonly<Record<string, unknown>>[];
  readonly static_configs?: readonly unknown[];
}

/** The deployed jobs of these names, with other addresses in place of those that stand there. */
export async function deployedJobs(
  names: readonly string[],
  addresses: Readonly<Record<string, string | readonly string[]>>,
): Promise<readonly Job[]> {
  const { scrape_configs: all } = parse(await readFile(join(DEPLOYED, 'scrape.yml'), 'utf8')) as {
    readonly scrape_configs: readonly Job[];
  };
  const inPlace = (value: unknown): unknown => {
    if (typeof value === 'string') return addresses[value] ?? value;
    if (Array.isArray(value)) return value.flatMap(inPlace);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inPlace(inner)]));
  };
  return names.map((name) => {
    const job = all.find(({ job_name }) => job_name === name);
    if (job === undefined) throw new Error(`deploy/prometheus/scrape.yml has no job ${name}`);
    return inPlace(job) as Job;
  });
}

/** The deployed rules with every time shortened: a rule waits `wait`, and looks back over `range`. */
export async function deployedRules(wait: string, range: string): Promise<string> {
  const text = await readFile(join(DEPLOYED, 'rules.yml'), 'utf8');
  const { groups } = parse(text) as { readonly groups: readonly { rules: { for?: string; expr: string }[] }[] };
  for (const rule of groups.flatMap(({ rules }) => rules)) {
    if (rule.for !== undefined) rule.for = wait;
    rule.expr = rule.expr.replaceAll(/\[(?:5|10|15)m\]/g, `[${range}]`);
  }
  return stringify({ groups });
}

export async function startAlertmanager(rig: Rig, address: string): Promise<Alertmanager> {
  const listen = `${address}:${await freePort([address])}`;
  const config = await rig.write('alertmanager.yml', 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n');
  const data = join(rig.folder, 'alertmanager');
  await mkdir(data);
  await rig.start({
    ...{ name: 'alertmanager', place: HERE, answers: answers(`http://${listen}/-/ready`) },
    argv: [
      ...['prometheus-alertmanager', `--config.file=${config}`, `--storage.path=${data}`],
      ...[`--web.listen-address=${listen}`, '--cluster.listen-address='],
    ],
  });
  return {
    listen,
    alerts: async () => (await (await fetch(`http://${listen}/api/v2/alerts`)).json()) as readonly Alert[],
  };
}

export interface PrometheusOptions {
  readonly address: string;
  readonly jobs: readonly Job[];
  /** The text of its rules. */
  readonly rules: string;
  readonly alertmanager: Alertmanager;
  /** From scrape to scrape, and from one look at the rules to the next. */
  readonly interval: string;
}

export async function startPrometheus(rig: Rig, options: PrometheusOptions): Promise<Prometheus> {
  const { address, jobs, rules, alertmanager, interval } = options;
  const listen = `${address}:${await freePort([address])}`;
  await rig.write('rules.yml', rules);
  const config = await rig.write(
    'prometheus.yml',
    stringify({
      global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
      rule_files: ['rules.yml'],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager.listen] }] }] },
      scrape_configs: jobs,
    }),
  );
  const data = join(rig.folder, 'prometheus');
  await mkdir(data);
  await rig.start({
    ...{ name: 'prometheus', place: HERE, answers: answers(`http://${listen}/-/ready`) },
    argv: [
      ...['prometheus', `--config.file=${config}`, `--storage.tsdb.path=${data}`],
      ...[`--web.listen-address=${listen}`, '--log.level=warn'],
    ],
  });
  return {
    listen,
    async query(expression) {
      const answer = await fetch(`http://${listen}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const { data: found } = (await answer.json()) as { readonly data: { readonly result: readonly Sample[] } };
      return found.result;
    },
  };
}

const answers = (url: string): readonly string[] => ['curl', '--silent', '--fail', '--output', '/dev/null', url];
