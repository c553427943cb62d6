// Hostile services and marked secrets ride through the whole program: what a terminal, a browser or a shell acts on comes out of
// no printer, and a secret out of none either.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { healthyScript } from '../../src/demo/script.ts';
import { startWorld } from '../../src/demo/world.ts';
import { runCli, runInside } from '../support/cli.ts';
import { type Attacker, attacks, MARK } from './attackers.ts';

const SECRET = 'canary-4f1d-secret';
const FORMATS = ['text', 'json', 'markdown', 'html', 'prometheus'];
const FAST = ['-v', '-n', '2', '--rate', '50', '-H', `Authorization: Bearer ${SECRET}`, '--insecure'];
// oxlint-disable-next-line no-control-regex -- these are what must be gone
const ACTIVE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/;

describe.each(attacks)('$about', (attack) => {
  let attacker: Attacker;
  beforeAll(async () => {
    attacker = await attack.start();
  });
  afterAll(() => attacker[Symbol.asyncDispose]());

  test('arrive, and are kept as they came', async () => {
    const { out } = await runCli([...attacker.args, ...FAST, '-f', 'json']);
    expect(JSON.stringify((JSON.parse(out) as { evidence: unknown }).evidence)).toContain(MARK);
  });

  test.each(FORMATS)('as %s: nothing that a terminal acts on, no markup, no secret', async (format) => {
    const { out, err } = await runCli([...attacker.args, ...FAST, '-f', format]);
    if (format === 'json') JSON.parse(out);
    else expect(out.replaceAll(/\\u[0-9a-f]{4}/g, '')).not.toMatch(ACTIVE);
    expect(err).not.toMatch(ACTIVE);
    expect(`${out}${err}`).not.toContain(SECRET);
    if (format === 'html') expect(out).not.toMatch(/<script|<img/i);
    // Within a code span markup is only shown (CommonMark 6.1).
    if (format === 'markdown')
      expect(out.replaceAll(/(`+).*?\1/g, '')).not.toMatch(/<script|<img|(?<!\\)\]\(javascript/i);
    expect(out.length).toBeGreaterThan(200);
  });

  test('in JSON the sentences that people print with jq -r are safe too', async () => {
    const { out } = await runCli([...attacker.args, ...FAST, '-f', 'json']);
    const { findings, answers, checks } = JSON.parse(out) as Record<string, readonly Record<string, unknown>[]>;
    const sentences = [
      ...(findings ?? []).flatMap(({ what, soWhat, nowWhat }) => [what, soWhat, nowWhat]),
      ...(answers ?? []).map(({ summary }) => summary),
      ...(checks ?? []).map(({ because }) => because),
    ];
    for (const sentence of sentences) expect(String(sentence)).not.toMatch(ACTIVE);
  });
});

test('a secret is not in the words of a failure either', async () => {
  const world = await startWorld(healthyScript);
  try {
    const args = ['kms.example', '-n', '1', '--timeout', '200ms', '-f', 'json', '-H', `X-Api-Key: ${SECRET}`];
    await world.fault(world.zones[0]?.name ?? '', 'reset');
    const { out, err } = await runInside(world, args);
    expect(`${out}${err}`).not.toContain(SECRET);
    expect(out).toContain('X-Api-Key');
  } finally {
    await world.close();
  }
});
