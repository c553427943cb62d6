// What stands under deploy/ for Prometheus and Grafana speaks of families that exist, and promtool finds nothing wrong with it where it is there.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { CHAIN_HELP } from '../../src/blackbox/chain-life.ts';
import { agentCatalogue } from '../../src/metrics/agent-catalogue.ts';
import { catalogue } from '../../src/metrics/catalogue.ts';
import { findTool } from '../system/rig/tools.ts';

const read = (path: string): string => readFileSync(`deploy/${path}`, 'utf8');

/** Families of the agent that stand in no catalogue of journeys: those of /probe, and Prometheus' own. */
const OTHERS = [
  ...['probe_address_success', 'probe_addresses', 'probe_addresses_failed', 'probe_failure_info', 'up'],
  ...['probe_success', 'probe_duration_seconds', 'probe_zone_addresses', 'probe_zone_addresses_failed'],
  ...Object.keys(CHAIN_HELP),
];
const families = new Set([...[...catalogue, ...agentCatalogue].map(({ name }) => name), ...OTHERS]);

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert?: string; readonly record?: string; readonly expr: string }[];
  }[];
}

const rules = (parse(read('prometheus/rules.yml')) as Rules).groups.flatMap((group) => group.rules);

/** Names of families in an expression; recorded series have a colon. */
const named = (expression: string): readonly string[] =>
  [...expression.matchAll(/(?<![:\w])(?:(?:journey|probe|outrider|blackbox)_[a-z0-9_]+|up)(?![:\w])/g)].map(
    ([name]) => name,
  );

test('rules name families that exist, and recorded series that are recorded', () => {
  expect(rules.length).toBeGreaterThan(10);
  expect(rules.flatMap(({ expr }) => named(expr)).filter((name) => !families.has(name))).toEqual([]);
  const recorded = new Set(rules.map(({ record }) => record));
  const used = rules.flatMap(({ expr }) => [...expr.matchAll(/(?<![:\w])[a-z_]+:[a-z0-9_:]+/g)].map(([name]) => name));
  expect(used.filter((name) => !recorded.has(name))).toEqual([]);
});

test('each alert is tried', () => {
  const tried = read('prometheus/rules.test.yml');
  const untried = rules.flatMap(({ alert }) =>
    alert === undefined || tried.includes(`alertname: ${alert}`) ? [] : [alert],
  );
  expect(untried).toEqual([]);
});

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

test('the dashboard names families that exist, and its panels do not lie on each other', () => {
  const { panels } = JSON.parse(read('grafana/outrider.json')) as Dashboard;
  expect(panels.length).toBeGreaterThan(8);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const exprs = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  expect(exprs.flatMap(named).filter((name) => !families.has(name))).toEqual([]);
  for (const [at, { gridPos: a, title }] of panels.entries()) {
    expect(a.x + a.w, title).toBeLessThanOrEqual(24);
    const over = panels
      .slice(at + 1)
      .find(({ gridPos: b }) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h);
    expect(over?.title, title).toBeUndefined();
  }
});

const promtool = findTool('promtool');
test.skipIf(promtool === null).each([[['check', 'config', 'scrape.yml']], [['test', 'rules', 'rules.test.yml']]])(
  'promtool %j',
  (args) => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: 'deploy/prometheus', encoding: 'utf8' });
    expect(`${stdout}${stderr}`).not.toContain('FAILED');
    expect(status).toBe(0);
  },
);
