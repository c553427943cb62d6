// Columns, cuts, tables and paragraphs of the text report, piece by piece.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { terminal } from '../escape/terminal.ts';
import { blank, lineWidth, paint, run } from '../text/run.ts';
import { type Column, clipped, columnWidth, fitColumns, shrinkColumns, tableLines, tableWidth } from '../text/table.ts';
import { clip, clipMiddle, pieces, widthOf } from '../text/width.ts';
import { fill, words } from '../text/wrap.ts';
import { anyText } from './active.ts';

const shown = anyText.map((text) => terminal(text) as string);
const columns = fc.integer({ min: 3, max: 30 });

test.each([
  ['', 0],
  ['abc', 3],
  ['é', 1],
  ['e\u0301', 1],
  ['a\u20dd', 1],
  ['漢字', 4],
  ['かな', 4],
  ['한국', 4],
  ['ｗｉｄｅ', 8],
  ['ｶﾅ', 2],
  ['🚀', 2],
  ['🇩🇪', 4],
  ['👩🏽', 4],
  ['❤', 1],
  ['❤\ufe0f', 2],
  ['Ω…–→▁█', 6],
  ['ไทย', 3],
  ['ที่', 1],
])('%s takes %i columns', (text, width) => {
  expect(widthOf(text)).toBe(width);
});

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdef', 5, 'abcd…'],
  ['abcdef', 1, '…'],
  ['漢字漢字', 7, '漢字漢…'],
  ['漢字漢字', 6, '漢字…'],
  ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
  ['🚀🚀', 3, '🚀…'],
  ['', 3, ''],
])('%j cut to %i columns is %j', (text, width, cut) => {
  expect(clip(text, width)).toBe(cut);
});

test.each([
  ['abcdefgh', 8, 'abcdefgh'],
  ['abcdefgh', 7, 'abc…fgh'],
  ['abcdefgh', 6, 'ab…fgh'],
  ['abcdefgh', 3, 'a…h'],
  ['漢字漢字', 7, '漢…漢字'],
  ['[2001:db8::1]:40000', 13, '[2001:…:40000'],
  ['xe\u0301e\u0301', 3, 'xe\u0301e\u0301'],
  ['abce\u0301', 3, 'a…e\u0301'],
])('%j cut in its middle to %i columns is %j', (text, width, cut) => {
  expect(clipMiddle(text, width)).toBe(cut);
});

test('a cut never exceeds its width and never breaks a surrogate pair; pieces lose nothing', () => {
  fc.assert(
    fc.property(shown, columns, (text, width) => {
      for (const cut of [clip(text, width), clipMiddle(text, width)]) {
        expect(widthOf(cut)).toBeLessThanOrEqual(width);
        expect(cut.isWellFormed()).toBe(true);
        if (widthOf(text) <= width) expect(cut).toBe(text);
        else expect(cut).toContain('…');
      }
      const cutUp = pieces(text, width);
      expect(cutUp.join('')).toBe(text);
      for (const piece of cutUp) expect(widthOf(piece)).toBeLessThanOrEqual(width);
    }),
  );
});

function column(header: string, cells: readonly string[], changes: Partial<Column> = {}): Column {
  return { header: run(header), cells: cells.map((cell) => run(cell)), align: 'left', droppable: 0, ...changes };
}

const textOf = (made: readonly Column[], gap: number): string => paint(tableLines(made, gap), false);

describe('table', () => {
  const made = [
    column('zone', ['a', 'bcd']),
    column('address', ['127.0.0.1', '::1'], { droppable: 1 }),
    column('p50', ['1.0 ms', '漢'], { align: 'right', droppable: 2 }),
  ];

  test('aligns to the widest cell, by columns of the terminal', () => {
    expect(textOf(made, 2)).toBe('zone  address       p50\na     127.0.0.1  1.0 ms\nbcd   ::1            漢\n');
    expect(made.map(columnWidth)).toEqual([4, 9, 6]);
    expect(tableWidth(made, 2)).toBe(23);
    expect(tableWidth([], 2)).toBe(0);
  });

  test.each([
    [23, ['zone', 'address', 'p50']],
    [22, ['zone', 'address']],
    [15, ['zone', 'address']],
    [14, ['zone']],
    [1, ['zone']],
  ])('in %i columns it keeps %j', (width, headers) => {
    expect(fitColumns(made, width, 2).map(({ header }) => header.text)).toEqual(headers);
  });

  test('of equally droppable columns the last goes first', () => {
    const equal = ['a', 'b', 'c'].map((name) => column(name, [name], { droppable: 1 }));
    expect(fitColumns(equal, 4, 1).map(({ header }) => header.text)).toEqual(['a', 'b']);
  });

  test('shrinking takes from the widest first and stops at the least', () => {
    const wide = [column('a', ['x'.repeat(20)]), column('b', ['y'.repeat(10)]), column('c', ['z'])];
    expect(shrinkColumns(wide, 25, 1, 4).map(columnWidth)).toEqual([12, 10, 1]);
    expect(shrinkColumns(wide, 15, 1, 4).map(columnWidth)).toEqual([6, 6, 1]);
    expect(shrinkColumns(wide, 5, 1, 4).map(columnWidth)).toEqual([4, 4, 1]);
    expect(shrinkColumns(wide, 100, 1, 4).map(columnWidth)).toEqual([20, 10, 1]);
  });

  test('a cell is cut where its column says', () => {
    const cells = ['abcdefgh'];
    expect(clipped(column('long header', cells), 5).cells[0]?.text).toBe('abcd…');
    expect(clipped(column('long header', cells, { cut: 'middle' }), 5)).toMatchObject({
      header: { text: 'lo…er' },
      cells: [{ text: 'ab…gh' }],
    });
  });

  test('a column with fewer cells than others leaves blanks', () => {
    expect(textOf([column('a', ['1', '2']), column('b', ['3'])], 1)).toBe('a b\n1 3\n2\n');
    expect(textOf([], 1)).toBe('\n');
  });
});

describe('paragraph', () => {
  test.each([
    ['one two three', 20, ['one two three']],
    ['one two three', 9, ['one two', '  three']],
    ['one', 2, ['on', '  e']],
    ['abcdefgh', 6, ['abcd', '  efgh']],
    ['a  b   c', 20, ['a b c']],
    ['漢字 漢字', 7, ['漢字', '  漢字']],
    ['', 10, ['']],
  ])('%j in %i columns under a lead of two', (text, width, lines) => {
    const filled = fill([blank(2)], words(text), width);
    expect(
      filled.map((line) =>
        line
          .map((piece) => piece.text)
          .join('')
          .trimEnd(),
      ),
    ).toEqual(lines.map((line, index) => (index === 0 ? `  ${line}`.trimEnd() : line)));
  });

  test('no line is wider than asked for, and no word is lost', () => {
    fc.assert(
      fc.property(shown, fc.integer({ min: 8, max: 40 }), (text, width) => {
        fc.pre(widthOf(text) <= 500); // Longer ones are cut, see below.
        const lines = fill([run('>> ')], words(text), width);
        for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(width);
        const told = lines.map((line) => line.map((piece) => piece.text).join('')).join('');
        expect(told.replaceAll(' ', '')).toBe(`>> ${text}`.replaceAll(' ', ''));
      }),
    );
  });

  test('a sentence of many screens is cut', () => {
    const told = fill([], words('word '.repeat(10_000)), 80);
    expect(told.length).toBeLessThanOrEqual(8);
    expect(told.at(-1)?.at(-1)?.text).toMatch(/…$/);
  });

  test('neighbours of one style are one run', () => {
    expect(fill([], [...words('a b', 'strong'), ...words('c')], 80)).toEqual([[run('a b', 'strong'), run(' c')]]);
  });
});

describe('paint', () => {
  test.each([
    ['plain', 'text\n'],
    ['strong', '\u001b[1mtext\u001b[0m\n'],
    ['critical', '\u001b[1;31mtext\u001b[0m\n'],
  ] as const)('%s text', (style, painted) => {
    expect(paint([[run('text', style)]], true)).toBe(painted);
    expect(paint([[run('text', style)]], false)).toBe('text\n');
  });

  test('blanks at the end of a line are gone, in any style; blanks elsewhere are not painted', () => {
    expect(
      paint(
        [
          [run('a ', 'strong'), blank(3), run('  ', 'dim')],
          [blank(2), run('b')],
        ],
        true,
      ),
    ).toBe('\u001b[1ma\u001b[0m\n  b\n');
  });

  test('an escape sequence in a piece does not reach the terminal', () => {
    expect(paint([[run('\u001b[2J', 'dim')]], true)).toBe('\u001b[2m\\x1b[2J\u001b[0m\n');
  });
});
