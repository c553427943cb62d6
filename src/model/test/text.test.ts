import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { capture, distinct, dnsName, interpret, matches, sameText, split, visible, wireText } from '../text.ts';

describe('visible', () => {
  test.each([
    ['plain', 'plain'],
    ['\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['a\nb\r\0', 'a\\x0ab\\x0d\\x00'],
    ['\u0085\u009b31m', '\\x85\\x9b31m'],
    ['user\u202egpj.exe', 'user\\u{202e}gpj.exe'],
    ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
    ['lone \ud800 surrogate', 'lone \\u{d800} surrogate'],
    ['tag \u{e0041}', 'tag \\u{e0041}'],
    ['grüße 漢字 🚀', 'grüße 漢字 🚀'],
  ])('%j becomes %j', (raw, shown) => {
    expect(visible(raw)).toBe(shown);
  });

  test('is idempotent and leaves nothing that a terminal acts on', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        const shown = visible(raw);
        expect(visible(shown)).toBe(shown);
        // oxlint-disable-next-line no-control-regex -- these are what must be gone
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
        expect(shown.isWellFormed()).toBe(true);
      }),
    );
  });
});

test('wire text is cut, never inside a surrogate pair', () => {
  expect(visible(wireText('abcdef', 3))).toBe('abc…');
  expect(visible(wireText('ab🚀cd', 3))).toBe('ab…');
  expect(visible(wireText('abc', 3))).toBe('abc');
});

test.each([
  ['KMS.Example.', 'kms.example'],
  ['_sip._tcp.a', '_sip._tcp.a'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['', null],
  ['.', null],
  ['a..b', null],
  ['-a.example', null],
  ['a b', null],
  ['a\u001b.example', null],
  [`${'a'.repeat(64)}.example`, null],
  [`${'a.'.repeat(127)}a`, null],
])('the host name %j reads as %j', (text, name) => {
  expect(dnsName(text)).toBe(name);
});

test('wire text can be compared, matched and read, not printed', () => {
  const header = wireText('app;dur=12.5, db;dur=3');
  expect(sameText(header, 'app;dur=12.5, db;dur=3')).toBe(true);
  expect(matches(header, /^app;/)).toBe(true);
  expect(split(header, ',').map((piece) => visible(piece))).toEqual(['app;dur=12.5', 'db;dur=3']);
  const duration = capture(header, /dur=([\d.]+)/);
  expect(duration === null ? null : interpret(duration, Number)).toBe(12.5);
  expect(capture(header, /nothing (.*)/)).toBeNull();
});

test('distinct keeps each text once, by code unit', () => {
  const names = ['b.example', 'a.example', 'b.example', 'B.example', 'a.example'].map((name) => wireText(name));
  expect(distinct(names)).toEqual(['B.example', 'a.example', 'b.example']);
  expect(distinct([])).toEqual([]);
});
