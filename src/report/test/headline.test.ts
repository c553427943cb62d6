// The first words of every report: where it is broken, how much was found, and what was looked at.
import { expect, test } from 'vitest';
import type { Finding, Severity } from '../../model/finding.ts';
import type { Journey } from '../../model/journey.ts';
import { LEFT_OUT } from '../../model/observation-words.ts';
import { headlineOf, worst } from '../headline.ts';
import { journeyOf } from './fixture.ts';
import { crowdedJourney, emptyJourney, openJourney } from './hostile.ts';

const demo = journeyOf();
const [template] = demo.findings as [Finding, ...Finding[]];
const ids = demo.endpoints.map(({ id }) => id);

function found(severity: Severity, zone: string | null, endpoint = ids[0] ?? null): Finding {
  return { ...template, severity, zone, endpoint };
}

const withFindings = (findings: readonly Finding[], journey: Journey = demo): Journey => ({ ...journey, findings });

test.each<[string, Journey, string]>([
  ['the demo', demo, 'in kms-az3'],
  ['two zones', withFindings([found('critical', 'kms-az1'), found('critical', 'kms-az3')]), 'in kms-az1, kms-az3'],
  [
    'each of the zones',
    withFindings(['kms-az1', 'kms-az2', 'kms-az3'].map((zone) => found('warning', zone))),
    'in all 3 zones',
  ],
  ['one zone, twice', withFindings([found('critical', 'kms-az1'), found('critical', 'kms-az1')]), 'in kms-az1'],
  ['the target as a whole', withFindings([{ ...found('critical', null), endpoint: null }]), ''],
  [
    'one zone and the whole',
    withFindings([found('critical', 'kms-az1'), { ...found('critical', null), endpoint: null }]),
    '',
  ],
  [
    'a lesser finding elsewhere',
    withFindings([found('critical', 'kms-az1'), found('warning', 'kms-az2')]),
    'in kms-az1',
  ],
  ['only notes', withFindings([found('notice', 'kms-az1')]), ''],
  ['nothing', withFindings([]), ''],
  ['an endpoint without a zone', withFindings([found('critical', null)]), 'at 127.0.10.1:43111'],
  ['every endpoint, no zones', crowdedJourney(), 'at all 40 endpoints'],
  [
    'many endpoints, no zones',
    withFindings(
      crowdedJourney()
        .findings.slice(1, 8)
        .filter((_, index) => index % 2 === 0),
      crowdedJourney(),
    ),
    'at 198.51.100.1:40001, 198.51.100.3:40003, 198.51.100.5:40005 and 1 more',
  ],
])('where: %s', (_, journey, where) => {
  expect(headlineOf(journey).where).toBe(where);
});

test.each<[readonly Severity[], Journey['verdict'], string]>([
  [[], 'ok', 'nothing wrong found'],
  [['notice'], 'ok', 'nothing wrong found, 1 note'],
  [['notice', 'notice', 'warning'], 'warning', '1 warning, 2 notes'],
  [['critical', 'critical', 'warning', 'warning'], 'critical', '2 critical, 2 warnings'],
  [[], 'unknown', 'something critical could not be judged'],
  [['warning'], 'unknown', 'something critical could not be judged, 1 warning'],
])('findings %j with the verdict %s: %s', (severities, verdict, tally) => {
  const findings = severities.map((severity) => found(severity, null));
  expect(headlineOf({ ...demo, findings, verdict }).tally).toBe(tally);
});

test.each<[string, Journey, string]>([
  ['the demo', demo, '3 endpoints in 3 zones, ridden from laptop at 2026-11-20 22:00:12 UTC in 4.2 s'],
  ['no endpoint', emptyJourney(), '0 endpoints, ridden from laptop at 2026-11-20 22:00:12 UTC in 4.2 s'],
  [
    'zones by the names of addresses',
    { ...demo, endpoints: demo.endpoints.map((one) => ({ ...one, zoneSource: 'reverse-name' as const })) },
    '3 endpoints in 3 zones (by the names of addresses), ridden from laptop at 2026-11-20 22:00:12 UTC in 4.2 s',
  ],
  ['no zones', crowdedJourney(), '40 endpoints, ridden from laptop at 2026-11-20 22:00:12 UTC in 4.2 s'],
])('scope of %s', (_, journey, scope) => {
  expect(headlineOf(journey).scope).toBe(scope);
});

test('a ride that was cut short is never told as a whole one', () => {
  expect(headlineOf(openJourney()).incomplete).toMatch(/^cut short/);
  expect(headlineOf(demo).incomplete).toBeNull();
});

test.each<[readonly Severity[], Severity | null]>([
  [[], null],
  [['notice', 'critical', 'warning'], 'critical'],
  [['notice', 'warning'], 'warning'],
  [['notice'], 'notice'],
])('the worst of %j is %s', (severities, expected) => {
  expect(worst(severities.map((severity) => ({ severity })))).toBe(expected);
});

test('the part that was looked at is named when probes were left out by choice, and only then', () => {
  const state = { state: 'skipped', elapsedMs: 0, problem: null } as const;
  const without = (because: string): Journey => ({ ...demo, probes: { ...demo.probes, tls: { ...state, because } } });
  expect(headlineOf(demo).tally).not.toContain('looked at');
  expect(headlineOf(without('the target is plain http')).tally).not.toContain('looked at');
  const looked = Object.keys(demo.probes).filter((id) => id !== 'tls');
  expect(headlineOf(without(LEFT_OUT)).tally).toContain(`(looked at: ${looked.join(', ')})`);
});
