// Journeys of this and older versions are kept for ever: each must be read, judged and rendered, and judged as it was then.
// A judgement that changes on purpose is accepted with `vitest run -u`; the file under old/ itself is never touched.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Journey } from '../../src/model/journey.ts';
import { runCli } from '../support/cli.ts';
import { offline } from '../support/offline.ts';

// An old journey needs nobody: a request to anywhere fails the test.
offline();

const folder = `${import.meta.dirname}/old`;

test.each(readdirSync(folder).filter((name) => name.endsWith('.json')))('%s', async (name) => {
  const path = `${folder}/${name}`;
  const before = JSON.parse(readFileSync(path, 'utf8')) as Journey;
  const judged = JSON.parse((await runCli(['judge', path, '-f', 'json'])).out) as Journey;
  expect(judged.verdict).toBe(before.verdict);
  const line = ({ severity, id, zone, what }: Journey['findings'][number]) => `${severity} ${id} ${zone}: ${what}`;
  expect(`${judged.findings.map(line).join('\n')}\n`).toMatchSnapshot('findings');
  expect(judged.checks.map(({ id, outcome }) => `${id}: ${outcome}`).join('\n')).toMatchSnapshot('checks');
  for (const format of ['text', 'markdown', 'html', 'prometheus']) {
    const { out } = await runCli(['report', path, '-f', format]);
    expect(out.length).toBeGreaterThan(400);
  }
  expect((await runCli(['report', path])).out).toMatchSnapshot('text');
});
