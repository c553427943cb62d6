// The text report at every width: nothing overflows, nothing acts, and nothing is claimed that was not seen.
import { describe, expect, test } from 'vitest';
import type { View } from '../../contract/reporter.ts';
import type { Section } from '../../contract/section.ts';
import { type Journey, verdicts } from '../../model/journey.ts';
import { LEFT_OUT } from '../../model/observation-words.ts';
import { textReporter } from '../text.ts';
import { activeIn } from './active.ts';
import { journeyOf, sections } from './fixture.ts';
import { crowdedJourney, emptyJourney, openJourney, PAYLOADS, spoiledJourney, spoiledSections } from './hostile.ts';

const NARROW = 40;
const WIDE = 200;

function textOf(journey: Journey, view: Partial<View> = {}, blocks: readonly Section[] = sections): string {
  return textReporter.render(journey, blocks, { columns: 80, colour: false, verbose: false, ...view }) as string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what starts a colour
const SGR = /\u001b\[[0-9;]*m/g;

/** Columns as the text of UAX 11 says it, for the characters of the cases: by script here, by code point in the code under test. */
function columnsOf(line: string): number {
  return Array.from(line).reduce((sum, character) => {
    if (/[\p{Mn}\p{Me}\u{1f3fb}-\u{1f3ff}]/u.test(character)) return sum;
    const wide =
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{RI}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60]/u;
    return sum + (wide.test(character) ? 2 : 1);
  }, 0);
}

test.each([
  ['abc', 3],
  ['漢字', 4],
  ['é', 1],
  ['e\u0301', 1],
  ['🚀', 2],
  ['한', 2],
  ['ｗ', 2],
  ['▁█─…–', 5],
])('the measure of this test takes %j for %i columns', (text, columns) => {
  expect(columnsOf(text)).toBe(columns);
});

/** Every width, and a sample of them for the many hostile journeys. */
const WIDTHS = Array.from({ length: WIDE - NARROW + 1 }, (_, index) => NARROW + index);
const SOME = WIDTHS.filter((columns) => columns < 44 || columns % 19 === 0 || columns === WIDE);

type Case = readonly [name: string, journey: Journey, blocks: readonly Section[], widths: readonly number[]];
const JOURNEYS: readonly Case[] = [
  ['of the demo', journeyOf(20), sections, WIDTHS],
  ['of many samples', journeyOf(400), sections, WIDTHS],
  ['of one sample', journeyOf(1), sections, WIDTHS],
  ['cut short', openJourney(), sections, WIDTHS],
  ['without endpoints', emptyJourney(), [], WIDTHS],
  ['of forty endpoints', crowdedJourney(), sections, SOME],
  ...Object.entries(PAYLOADS).map(
    ([name, payload]): Case => [`full of ${name}`, spoiledJourney(payload), spoiledSections(payload), SOME],
  ),
];

describe.each(JOURNEYS)('a journey %s', (_, journey, blocks, widths) => {
  test.each([
    ['as usual', { verbose: false }],
    ['verbose', { verbose: true }],
    ['quiet', { verbose: false, quiet: true }],
  ])('fits every width, %s, and colour changes nothing else', (__, view) => {
    for (const columns of widths) {
      const plain = textOf(journey, { ...view, columns }, blocks);
      const tooWide = plain.split('\n').filter((line) => columnsOf(line) > columns);
      expect(tooWide, `at ${columns} columns`).toEqual([]);
      expect(activeIn(plain, '\n')).toEqual([]);
      expect(plain).not.toMatch(/[ \t]\n|\n\n\n|^\n|\n\n$/);
      expect(plain.endsWith('\n')).toBe(true);
      const coloured = textOf(journey, { ...view, columns, colour: true }, blocks);
      expect(coloured.replaceAll(SGR, '')).toBe(plain);
      expect(activeIn(coloured.replaceAll(SGR, ''), '\n')).toEqual([]);
    }
  });
});

test('a terminal narrower than 40 columns is treated as one of 40', () => {
  expect(textOf(journeyOf(), { columns: 1 })).toBe(textOf(journeyOf(), { columns: NARROW }));
});

test.each(verdicts)('the verdict %s is its first word, without colour too', (verdict) => {
  for (const colour of [false, true]) {
    const text = textOf({ ...journeyOf(), verdict }, { colour }).replaceAll(SGR, '');
    expect(text.startsWith(`${verdict.toUpperCase()}  https://kms.example:43111/`)).toBe(true);
  }
});

test('a severity is told by a word, worst first', () => {
  const text = textOf(journeyOf(), { quiet: true });
  const marks = text.match(/^(CRIT|WARN|note)(?=  \S+ 127)/gm);
  expect(marks).toEqual(['CRIT', 'WARN', 'WARN']);
});

test('colours are opened, closed and only colours', () => {
  const codes = textOf(journeyOf(), { colour: true }).match(SGR) ?? [];
  expect(codes.length).toBeGreaterThan(10);
  codes.forEach((code, index) => {
    if (index % 2 === 0) expect(code).toMatch(/^\u001b\[(1|2|36|1;3[123])m$/);
    else expect(code).toBe('\u001b[0m');
  });
});

test.each([
  [1, false],
  [20, false],
  [367, false],
  [400, true],
])('of %i samples an endpoint, p99 is known: %s', (samples, known) => {
  // The third zone of the fixture loses some of its samples: the fewest decide.
  const journey = { ...journeyOf(samples), endpoints: journeyOf(samples).endpoints.slice(0, 2) };
  const text = textOf(journey, { columns: 120 });
  const header = text.split('\n').find((line) => line.includes('address')) ?? '';
  expect(header).toContain(known ? ' p99' : ' max');
  expect(header).not.toContain(known ? ' max' : ' p99');
  expect(text.includes('p99 needs 368 samples')).toBe(!known);
  const percentiles = textOf(journey, { columns: 200, verbose: true });
  const row = percentiles.split('\n').find((line) => /^kms-az1 127\.0\.10\.1 +total/.test(line)) ?? '';
  // Of p50, p90, p95, p99 and its interval those that the samples cannot bound, and the ± of the loop's clock in the fixture.
  const least = [6, 36, 72, 368, 368];
  const unknown = least.filter((count) => samples < count).length;
  expect(row.match(/–/g)).toHaveLength((known ? 1 : 0) + unknown + 1);
});

test('one endpoint with too few samples hides the p99 of all: a column has one meaning', () => {
  expect(textOf(journeyOf(400), { columns: 120 })).toContain('n=340–400 per endpoint: p99 needs 368 samples');
});

test('a ride that was cut short says so, and what was left open', () => {
  const text = textOf(openJourney(), { columns: 120 });
  expect(text).toMatch(/^INCOMPLETE {2}cut short/m);
  expect(text).toMatch(/^\? {5}tls failed: TLS refused by the server \(target\): alert 40$/m);
  expect(text).toMatch(/^\? {5}hosts not finished: cut off$/m);
  expect(text).not.toContain('not asked for');
  expect(textOf(openJourney(), { verbose: true })).toMatch(/^\? {5}access skipped: not asked for$/m);
  expect(textOf(journeyOf())).not.toContain('INCOMPLETE');
});

test('nothing reached, nothing judged: still a report that says so', () => {
  const text = textOf(emptyJourney(), {}, []);
  expect(text).toMatch(/^UNKNOWN {2}\S+ — nothing could be judged/m);
  expect(text).toMatch(/^INCOMPLETE/m);
  expect(text).not.toContain('LATENCY');
});

describe('quiet', () => {
  test.each([
    ['of the demo', journeyOf()],
    ['cut short', openJourney()],
    ['of forty endpoints', crowdedJourney()],
  ])('a journey %s is told by its headline and its findings, as they stand in the whole report', (_, journey) => {
    const whole = textOf(journey);
    const quiet = textOf(journey, { quiet: true });
    expect(whole.startsWith(quiet)).toBe(true);
    expect(quiet).toContain('$ probe https://kms.example:43111/');
    expect(quiet).not.toMatch(/^(LATENCY|Q\d|\?|sent|resolve|TLS as)/m);
    expect(quiet.split('\n\n')).toHaveLength(2);
  });

  test('nothing wrong is said in the headline alone', () => {
    const fine = { ...journeyOf(), findings: [], verdict: 'ok' } as const;
    expect(textOf(fine, { quiet: true })).toMatch(/^OK {2}\S+ — nothing wrong found\n[^\n]+\n$/);
  });
});

describe('at 40 columns', () => {
  test('evidence loses its last columns first, and says how many', () => {
    const lines = textOf(journeyOf(), { columns: NARROW, verbose: true }).split('\n');
    const at = lines.indexOf('TLS as each endpoint serves it');
    expect(lines.slice(at + 1, at + 6)).toEqual([
      '  zone     protocol  cipher',
      '  kms-az1  TLSv1.3   TLS_AES_256_GCM_SH…',
      '  kms-az2  TLSv1.3   TLS_AES_256_GCM_SH…',
      '  kms-az3  TLSv1.3   TLS_AES_256_GCM_SH…',
      '  3 columns not shown: too narrow',
    ]);
  });

  test('endpoints keep the ends of their addresses, which tell them apart', () => {
    const text = textOf(crowdedJourney(), { columns: NARROW });
    expect(text).toMatch(/^WARN {2}\[2001:db8.*….*:1000\]:40000 +–$/m);
    expect(text).toContain('198.51.100.39:40039');
  });

  test('a command is broken between its words and loses none', () => {
    const text = textOf(journeyOf(), { columns: NARROW }).replaceAll(/\n {8}/g, ' ');
    expect(text).toContain('$ probe https://kms.example:43111/ --connect 127.0.20.1:43111 -n 400\n');
  });
});

test('forty endpoints fit one screen; verbose shows them all', () => {
  const rows = (text: string) => text.split('\n').filter((line) => /^WARN {2}\S+:400\d\d /.test(line)).length;
  expect(rows(textOf(crowdedJourney(), { columns: 120 }))).toBe(12);
  expect(textOf(crowdedJourney(), { columns: 120 })).toContain('28 faster endpoints not shown: --verbose');
  expect(rows(textOf(crowdedJourney(), { columns: 120, verbose: true }))).toBe(40);
});

test('of probes that were left out by choice the headline speaks, and nothing else', () => {
  const journey = journeyOf();
  const out = { state: 'skipped', elapsedMs: 0, problem: null, because: LEFT_OUT } as const;
  const answers = journey.answers.map((answer) => (answer.probe === 'tls' ? { ...answer, summary: 'of tls' } : answer));
  const text = textOf({ ...journey, answers, probes: { ...journey.probes, tls: out } });
  expect(text.replaceAll(/\s+/g, ' ')).toContain('(looked at: ');
  expect(text).not.toContain('of tls');
  expect(text).not.toContain(LEFT_OUT);
});
