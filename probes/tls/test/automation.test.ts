import { describe, expect, test } from 'vitest';
import { casesIn, outcomesOf, withChanges } from '../../../test/support/checks.ts';
import { automationFacts, automationOf, automationSays, forecastOf } from '../automation.ts';
import type { TlsEvidence } from '../evidence.ts';
import { deathOf } from '../first-death.ts';
import { metrics } from '../metrics.ts';
import { tls } from '../probe.ts';

const AS_OF_MS = Date.parse('2026-11-20T12:00:00Z');
const cases = casesIn(new URL('./cases/', import.meta.url));
const evidenceOf = (name: string, changed: Readonly<Record<string, unknown>> = {}): TlsEvidence => {
  const found = cases.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return withChanges(found, changed).evidence as TlsEvidence;
};

/** The same change to the certificates of all three endpoints. */
const everywhere = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    ['a', 'b', 'c'].flatMap((letter) =>
      Object.entries(fields).map(([field, value]) => [`/evidence/certificates/${letter.repeat(64)}/${field}`, value]),
    ),
  );
const LETS_ENCRYPT = { issuer: "CN=R12,O=Let's Encrypt,C=US" };
const life = (notBefore: string, notAfter: string) => ({ notBefore, notAfter });
const YEAR = life('2026-11-01T00:00:00Z', '2027-11-30T23:59:59Z');

describe('the conclusion', () => {
  test.each([
    ['a private one of 90 days', 'healthy.json', {}, 'cannot tell', 'low'],
    ['Let’s Encrypt', 'public-root.json', LETS_ENCRYPT, 'automated', 'high'],
    ['a private authority of that name', 'private-root.json', LETS_ENCRYPT, 'cannot tell', 'low'],
    ['six days', 'private-root.json', life('2026-11-18T12:00:00Z', '2026-11-24T12:00:00Z'), 'automated', 'high'],
    ['47 days', 'private-root.json', life('2026-11-10T12:10:07Z', '2026-12-27T12:10:07Z'), 'automated', 'medium'],
    ['a year from midnight', 'private-root.json', YEAR, 'manual', 'low'],
    ['renewed with a third of the life left', 'earlier-renewed.json', {}, 'cannot tell', 'low'],
  ])('of %s', (_, name, fields, conclusion, confidence) => {
    const found = automationOf(evidenceOf(name, everywhere(fields)), AS_OF_MS);
    expect([found.conclusion, found.confidence]).toEqual([conclusion, confidence]);
  });

  const EARLIER = (letter: string, field: string) => `/evidence/earlier/0/certificates/${letter.repeat(64)}/${field}`;
  test.each([
    ['with a third of the life left', '2026-12-01T12:00:00Z', 'automated', 'renewed with 33 % of the life left'],
    ['on the last day', '2026-11-02T12:00:00Z', 'cannot tell', 'renewed in the last tenth of the life'],
    ['after the end', '2026-10-20T12:00:00Z', 'cannot tell', 'renewed after the end of the one before'],
  ])('of one renewed %s', (_, ended, conclusion, says) => {
    const days = 90 * 86_400_000;
    const changed = ['d', 'e', 'f'].flatMap((letter) => [
      [EARLIER(letter, 'notAfter'), ended],
      [EARLIER(letter, 'notBefore'), new Date(Date.parse(ended) - days).toISOString()],
    ]);
    const found = automationOf(evidenceOf('earlier-renewed.json', Object.fromEntries(changed)), AS_OF_MS);
    expect(found.conclusion).toBe(conclusion);
    expect(found.signals.map((signal) => signal.says).join('; ')).toContain(says);
  });

  test('nothing that can be read is no signal', () => {
    const blind = evidenceOf('healthy.json', everywhere({ notBefore: null }));
    expect(automationOf(blind, AS_OF_MS)).toEqual({ conclusion: 'cannot tell', confidence: 'low', signals: [] });
  });

  test('is told with its signals, and makes the answer an inference', async () => {
    const healthy = cases.find(({ name }) => name === 'public-root.json');
    if (healthy === undefined) throw new Error('no case');
    const { answer } = await outcomesOf(tls, withChanges(healthy, everywhere(LETS_ENCRYPT)));
    expect(answer.confidence).toBe('inferred');
    expect(answer.summary).toContain('Rotation looks automated (high confidence: Let');
    expect(answer.facts['rotation']).toMatchObject({ conclusion: 'automated' });
  });
});

describe('the forecast', () => {
  test('a long public certificate by hand stops on a day', () => {
    const evidence = evidenceOf('public-root.json', everywhere(life('2026-11-01T00:00:00Z', '2027-05-19T23:59:59Z')));
    expect(forecastOf(evidence, AS_OF_MS)).toEqual({ days: 100, from: '2027-03-15' });
    expect(automationSays(evidence, AS_OF_MS)).toContain(
      'In 114 days, on 2027-03-15, public certificates of more than 100 days are issued no more.',
    );
  });

  test('is not for private roots', () => {
    expect(automationFacts(evidenceOf('private-root.json', everywhere(YEAR)), AS_OF_MS)['lifetimeForecast']).toBeNull();
  });
});

describe('the day on which the last path dies', () => {
  test.each([
    ['public-root.json', 'leaf', '2027-01-30T12:00:00Z'],
    ['root-ends-first.json', 'root', '2026-12-01T12:00:00Z'],
  ])('in %s: by the %s, %s', (name, part, at) => {
    const evidence = evidenceOf(name);
    const record = evidence.byEndpoint[1];
    if (record === undefined) throw new Error('no endpoint');
    expect(deathOf(record, evidence)).toMatchObject({ part, at });
    const sample = [...metrics(evidence)].find(
      ({ family, labels }) =>
        family === 'journey_tls_chain_first_death_timestamp_seconds' && labels['endpoint'] === record.endpoint,
    );
    expect(sample?.value).toBe(Date.parse(at) / 1000);
  });

  test('counts the path that lasts longest, and is unknown without one', () => {
    const evidence = evidenceOf('public-root.json');
    const [record] = evidence.byEndpoint;
    if (record?.verdict === undefined) throw new Error('no verdict');
    const short = { certificates: ['x'], endsAt: '2026-12-01T00:00:00Z', endsBy: 'x' };
    const two = { ...record, verdict: { ...record.verdict, paths: [short, ...record.verdict.paths] } };
    expect(deathOf(two, evidence)?.at).toBe('2027-01-30T12:00:00Z');
    expect(deathOf({ ...record, verdict: { ...record.verdict, paths: [] } }, evidence)).toBeNull();
  });

  test('the answer names what dies before the server certificate', async () => {
    const found = cases.find(({ name }) => name === 'root-ends-first.json');
    if (found === undefined) throw new Error('no case');
    const { answer } = await outcomesOf(tls, found);
    expect(answer.summary).toContain('Every path to a trusted root of 192.0.2.2:443 ends before its certificate does');
    expect(answer.facts['firstDeath']).toMatchObject({ part: 'root', at: '2026-12-01T12:00:00Z' });
  });
});

test('the part of the life that is used is told of the server certificate only', () => {
  const used = [...metrics(evidenceOf('healthy.json'))].filter(({ family }) => family.endsWith('life_used_ratio'));
  expect(used.map(({ value }) => value)).toEqual([0.2111, 0.2111, 0.2111]);
});
