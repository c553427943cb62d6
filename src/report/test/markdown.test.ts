// The Markdown report in a ticket: tables stay tables, lists stay lists, and strangers can neither link, mention nor fold.
import { describe, expect, test } from 'vitest';
import type { Section } from '../../contract/section.ts';
import type { Journey } from '../../model/journey.ts';
import type { WireText } from '../../model/text.ts';
import { documentText } from '../escape/markdown.ts';
import { folded, table } from '../markdown/table.ts';
import { markdownReporter } from '../markdown.ts';
import { activeIn } from './active.ts';
import { journeyOf, sections } from './fixture.ts';
import { crowdedJourney, emptyJourney, openJourney, PAYLOADS, spoiledJourney, spoiledSections } from './hostile.ts';

function markdownOf(journey: Journey, blocks: readonly Section[] = sections): string {
  return markdownReporter.render(journey, blocks, { columns: 80, colour: false, verbose: false }) as string;
}

/** Cells of a row as GFM 4.10 splits it: at each pipe that no backslash takes away, code span or not. */
function cellsOf(row: string): readonly string[] {
  const cells = [...row.matchAll(/((?:\\.|[^\\|])*)\|/g)].map(([, cell = '']) => cell.trim());
  return cells.slice(1);
}

test.each([
  ['| a | b |', ['a', 'b']],
  ['| a\\|b | c |', ['a\\|b', 'c']],
  ['| a\\\\| c |', ['a\\\\', 'c']],
  ['|  | c |', ['', 'c']],
])('the row %j has the cells %j', (row, cells) => {
  expect(cellsOf(row)).toEqual(cells);
});

/** What a line is to Markdown by its start, and how many cells it has. */
function kindOf(line: string): string {
  if (line.startsWith('| ')) return `row of ${cellsOf(line).length}`;
  return /^(#{2,3} |- | {2}- |<details><summary>|<\/details>$|$)/.exec(line)?.[0] ?? 'text';
}

const kindsOf = (document: string): readonly string[] => document.split('\n').map(kindOf);

/** Without what the program itself may write: code spans, code elements and folds. */
function withoutOwn(line: string): string {
  return line
    .replaceAll(/<\/?(?:details|summary)>/g, '')
    .replaceAll(/<code>[@#.:-]<\/code>/g, '')
    .replaceAll(/(?<!\\)`[^`]*`/g, '')
    .replaceAll(/\*\*/g, '');
}

const DOCUMENTS: readonly (readonly [name: string, document: string])[] = [
  ['of the demo', markdownOf(journeyOf())],
  ['of many samples', markdownOf(journeyOf(400))],
  ['cut short', markdownOf(openJourney())],
  ['without endpoints', markdownOf(emptyJourney(), [])],
  ['of forty endpoints', markdownOf(crowdedJourney())],
  ...Object.entries(PAYLOADS).map(
    ([name, payload]) => [`full of ${name}`, markdownOf(spoiledJourney(payload), spoiledSections(payload))] as const,
  ),
];

describe.each(DOCUMENTS)('a journey %s', (_, document) => {
  const lines = document.split('\n');

  test('is one document of printable lines, ended by one newline', () => {
    expect(document).toMatch(/[^\n]\n$/);
    expect(document).not.toContain('\n\n\n');
    expect(activeIn(document, '\n')).toEqual([]);
    expect(document).toMatch(/^## (OK|WARNING|CRITICAL|UNKNOWN): /);
  });

  test('has tables whose rows have as many cells as their heads', () => {
    const tables = document.split(/\n(?!\| )/).map((part) => part.split('\n').filter((line) => line.startsWith('| ')));
    for (const [head, rule, ...rows] of tables.filter((rows) => rows.length > 0)) {
      const count = cellsOf(head ?? '').length;
      expect(rule).toMatch(/^\| (---:?( \| )?)+ \|$/);
      for (const row of [rule ?? '', ...rows]) expect(cellsOf(row)).toHaveLength(count);
    }
  });

  test('holds no link, image, mention, reference, bare address or HTML of others', () => {
    for (const line of lines) {
      const others = withoutOwn(line);
      expect(others).not.toMatch(/[<>@]/);
      expect(others.replace(/^#{2,3} /, '')).not.toContain('#');
      expect(others.replaceAll(/\\[!-/:-@[-`{-~]/g, '')).not.toMatch(/[[\]`*_~$]/);
      expect(others).not.toMatch(/(https?|ftp|mailto|xmpp):|www\.|&(?!(?:amp|lt|gt);)/i);
    }
  });

  test('opens and closes its folds, blank lines around', () => {
    const at = (start: string) => lines.flatMap((line, index) => (line.startsWith(start) ? [index] : []));
    const [opened, closed] = [at('<details>'), at('</details>')];
    expect(opened.length).toBe(closed.length);
    opened.forEach((line, index) => {
      expect(closed[index]).toBeGreaterThan(line);
      expect([lines[line - 1], lines[line + 1], lines[(closed[index] ?? 0) - 1]]).toEqual(['', '', '']);
    });
  });
});

describe.each(Object.entries(PAYLOADS))('%s in every field', (_, payload) => {
  test('change the kind of no line and the cells of no row', () => {
    const document = markdownOf(spoiledJourney(payload), spoiledSections(payload));
    expect(kindsOf(document)).toEqual(kindsOf(markdownOf(openJourney())));
  });
});

test('a table of any cells has its rows and columns', () => {
  const cells = ['a|b', '\\', '\\|', '`|`', '\n| x |', '', '| --- |', 'ok'];
  const rows = cells.map((cell) => [cell, cell as unknown as WireText, 'end']);
  const text = documentText(table(['x|y', 'z', '3'], rows, 2));
  expect(text.split('\n').slice(0, 2)).toEqual(['| x\\|y | z | 3 |', '| --- | --- | ---: |']);
  const written = text.trimEnd().split('\n').slice(2).map(cellsOf);
  expect(written).toHaveLength(cells.length);
  for (const row of written) expect(row).toEqual([row[0], row[0], 'end']);
});

test('a fold is not closed by its title', () => {
  expect(documentText(folded('</summary></details><b>', []))).toBe(
    '<details><summary>&lt;/summary&gt;&lt;/details&gt;&lt;b&gt;</summary>\n\n</details>\n',
  );
});

test.each([
  ['the command to run next', '  - `probe https://kms.example:43111/ --connect 127.0.20.1:43111 -n 400`'],
  [
    'the worst finding first',
    '- **CRIT** **kms-az3 127.0.30.1:** The certificate ends in 6 days, on 2026-11-26 22:00 UTC.',
  ],
  ['why there is no p99', 'n=17–20 per endpoint: p99 needs 368 samples, so max is shown'],
  ['what was not judged', '- not judged: retry-amplification — no trace header showed retries'],
])('the ticket tells %s', (_, words) => {
  expect(markdownOf(journeyOf())).toContain(words);
});

test.each([
  [20, 'total max', false],
  [400, 'total max', false],
])('with %i samples at most in a zone that failed, the overview shows %s', (samples, title, known) => {
  const head =
    markdownOf(journeyOf(samples))
      .split('\n')
      .find((line) => line.startsWith('| zone | address')) ?? '';
  expect(cellsOf(head)).toContain(title);
  expect(cellsOf(head).includes('total p99')).toBe(known);
});

test('a ride that was cut short says so', () => {
  expect(markdownOf(openJourney())).toMatch(/^\*\*Incomplete:\*\* cut short/m);
  expect(markdownOf(openJourney())).toContain('- **hosts** not finished: cut off');
  expect(markdownOf(journeyOf())).not.toContain('Incomplete');
});
