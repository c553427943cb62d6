// Names that people write into alerts and policies: what the code knows and what the documents say are the same, both ways.
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { probes } from '../../probes/index.ts';
import { exporterFlags } from '../../src/cli/exporter-flags.ts';
import { sectionsOf } from '../../src/expect/sections.ts';
import { agentCatalogue } from '../../src/metrics/agent-catalogue.ts';
import { catalogue } from '../../src/metrics/catalogue.ts';
import { certsCatalogue } from '../../src/metrics/certs-catalogue.ts';
import { problemCatalogue } from '../../src/model/problem.ts';
import { captureIo, runCli } from '../support/cli.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');

/** The rows of the tables under a heading, as cells without their backticks. */
function rowsUnder(text: string, heading: string): readonly (readonly string[])[] {
  const [, section = ''] = text.split(`\n${heading}\n`);
  return (section.split(/\n#{1,6} /)[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

test('the metric families of the README are those of the catalogue', () => {
  const said = rowsUnder(read('README.md'), '## Metrics');
  const known = catalogue.map(({ name, type, labels, help }) => [name, type, ['target', ...labels].join(', '), help]);
  expect(said).toEqual(known);
});

test('the metric families of probe serve in the README are those of their catalogue', () => {
  const said = rowsUnder(read('README.md'), '## Metrics of `probe serve`');
  const known = agentCatalogue.map(({ name, type, labels, help }) => [name, type, labels.join(', '), help]);
  expect(said).toEqual(known);
});

test('the flags of blackbox_exporter in the README are those that are taken', () => {
  const said = rowsUnder(read('README.md'), '### The flags of blackbox_exporter');
  const known = exporterFlags.map(({ flag, option, differs }) => [`--${flag}`, `--${option}`, differs]);
  expect(said.map(([flag, option, differs = '']) => [flag, option, differs])).toEqual(known);
});

test('the metric families of probe certs in the README are those of their catalogue', () => {
  const said = rowsUnder(read('README.md'), '## Metrics of `probe certs`');
  const known = certsCatalogue.map(({ name, type, labels, help }) => [name, type, labels.join(', '), help]);
  expect(said).toEqual(known);
});

test('the problem codes of the README are those of the catalogue', () => {
  const said = rowsUnder(read('README.md'), '## Problem codes');
  expect(said).toEqual(Object.entries(problemCatalogue).map(([code, { fault, says }]) => [code, fault, says]));
});

test('the expectations of the README are the facts of the ride and the probes', async () => {
  const said = rowsUnder(read('README.md'), '## Expectations, and what changed');
  const known = (await sectionsOf(probes)).flatMap(({ section, facts }) =>
    facts.map((fact) => [
      `${section}.${fact.key}`,
      fact.drift,
      fact.rule,
      fact.title,
      fact.learned === false ? 'no' : 'yes',
    ]),
  );
  expect(said).toEqual(known);
});

test('no drift has the id of a check', async () => {
  const checks = (await Promise.all(probes.map((probe) => probe.judgement()))).flatMap((judgement) => judgement.checks);
  const drifts = (await sectionsOf(probes)).flatMap(({ facts }) => facts.map(({ drift }) => drift));
  expect(drifts.filter((id) => checks.some((check) => check.id === id))).toEqual([]);
});

test('what the README shows of probe diff and probe learn is what they print of the kept journeys', async () => {
  const [before, after] = ['0.1.0', '0.2.0'].map((version) => resolve(root, `test/golden/old/${version}-demo.json`));
  const shown = read('README.md').split('```');
  const diff = await runCli(['diff', before ?? '', after ?? '']);
  expect(shown.some((block) => block.includes(diff.out.split('\nANSWERS')[0]?.trim() ?? 'nothing'))).toBe(true);
  const learned = await runCli(['learn', '--from', after ?? '']);
  const yaml =
    shown
      .find((block) => block.startsWith('yaml\nlatency:'))
      ?.split('\n')
      .slice(1) ?? [];
  for (const line of yaml) expect(learned.out).toContain(line);
});

describe('the checks of', () => {
  test.each(probes.map((probe) => [probe.id, probe] as const))('%s are those of its README', async (id, probe) => {
    const { checks } = await probe.judgement();
    const said = read(`probes/${id}/README.md`);
    const table = said.split('\n').flatMap((line) => {
      const found = /^\| `([a-z0-9-]+)` *\| *([a-z]+)/.exec(line);
      return found === null ? [] : [`${found[1]} ${found[2]}`];
    });
    expect(table.toSorted()).toEqual(checks.map((check) => `${check.id} ${check.severity}`).toSorted());
    const files = readdirSync(resolve(root, `probes/${id}/checks`)).map((name) => name.replace('.ts', ''));
    expect(checks.map((check) => check.id).toSorted()).toEqual(files.toSorted());
    for (const check of checks) expect(check.sources, check.id).not.toEqual([]);
  });
});

test('what the README of dns says is covered names every check of it, and none that is not there', async () => {
  const [, section = ''] = read('probes/dns/README.md').split('\n## What is covered\n');
  const named = [...(section.split('\n## ')[0] ?? '').matchAll(/`([a-z0-9]+(?:-[a-z0-9]+)+)`/g)].map(([, id]) => id);
  const ids = async (one: (typeof probes)[number]) => (await one.judgement()).checks.map(({ id }) => id);
  const dns = probes.filter(({ id }) => id === 'dns');
  expect((await Promise.all(dns.map(ids))).flat().filter((id) => !named.includes(id))).toEqual([]);
  const all = new Set((await Promise.all(probes.map(ids))).flat());
  expect(named.filter((id) => id === undefined || !all.has(id))).toEqual([]);
});

test('no two checks share an id', async () => {
  const ids = (await Promise.all(probes.map((probe) => probe.judgement()))).flatMap(({ checks }) =>
    checks.map(({ id }) => id),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

test('every long option that the README or a probe README shows exists', async () => {
  const helps = await Promise.all(
    [['ride'], ['judge'], ['certs'], ['serve'], ['learn'], ['diff'], ['config', 'lint']].map((command) =>
      runCli([...command, '--help']),
    ),
  );
  const known = new Set(
    helps
      .map(({ out }) => out)
      .join('')
      .match(/--[a-z][a-z0-9-]+/g),
  );
  known.add('--version').add('--help');
  const pages = ['README.md', ...probes.map(({ id }) => `probes/${id}/README.md`)];
  const shown = pages.flatMap((page) =>
    [...read(page).matchAll(/^probe .*|`probe [^`]*`/gm)].flatMap(([line]) => line.match(/ --[a-z][a-z0-9-]+/g) ?? []),
  );
  expect(shown.length).toBeGreaterThan(5);
  expect(shown.map((option) => option.trim()).filter((option) => !known.has(option))).toEqual([]);
});

test('what the README shows of the dns probe is what the program prints of the kept journey', async () => {
  const io = captureIo({ columns: 120 });
  const { out } = await runCli(['report', resolve(root, 'test/golden/old/0.2.0-dns.json'), '-v'], io);
  expect(
    read('README.md')
      .split('```')
      .map((block) => block.trim()),
  ).toContain(out.slice(out.indexOf('\nDNS\n')).trim());
});

test('the first screen of the README is what the program prints of the kept demo journey', async () => {
  const { out } = await runCli(['report', resolve(root, 'test/golden/old/0.2.0-demo.json')]);
  expect(read('README.md').split('```')[1]?.trim()).toBe(out.trim());
});

test.each(probes.map((probe) => [probe.id, probe] as const))(
  'the defaults of %s are what its schemas say',
  async (_, probe) => {
    const [defaults, options, policy] = await Promise.all([probe.defaults(), probe.options(), probe.policy()]);
    expect({ options: options.parse({}), policy: policy.parse({}) }).toEqual({
      options: defaults.options,
      policy: defaults.policy,
    });
  },
);
