import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimal, fieldValues, listOf, memberOf, parameter } from '../fields.ts';
import { visible, type WireText, wireText } from '../text.ts';

const shown = (texts: readonly WireText[]): readonly string[] => texts.map((text) => visible(text));
/** The members of one line. */
const members = (raw: string): readonly string[] => shown(listOf([[wireText('Via'), wireText(raw)]], 'via'));

describe('a comma list', () => {
  test.each<[string, readonly string[]]>([
    ['a, b ,,c', ['a', 'b', 'c']],
    ['', []],
    ['a;q="x,y", b', ['a;q="x,y"', 'b']],
    ['a;q="x\\",y", b', ['a;q="x\\",y"', 'b']],
    ['1.1 varnish (Varnish/7.1, edge), 1.1 lb', ['1.1 varnish (Varnish/7.1, edge)', '1.1 lb']],
    ['1.1 odd (never closed, 1.1 lb', ['1.1 odd (never closed, 1.1 lb']],
    ['a="never closed, b', ['a="never closed, b']],
    ['ends with a backslash "\\', ['ends with a backslash "\\']],
  ])('%j', (raw, expected) => {
    expect(members(raw)).toEqual(expected);
  });

  test('of any text has at most 64 members, none of them empty', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a,;="\\() ') }), (raw) => {
        const found = members(raw);
        expect(found.length).toBeLessThanOrEqual(64);
        for (const member of found) expect(member.trim()).not.toBe('');
      }),
    );
    expect(members('a,'.repeat(2000))).toHaveLength(64);
  });
});

test('lines with one name are one list, names without case', () => {
  const fields = [
    ['Via', '1.1 a'],
    ['X-Via', '1.1 x'],
    ['VIA', '1.1 b, 1.1 c'],
  ].map(([name, value]) => [wireText(name ?? ''), wireText(value ?? '')] as const);
  expect(shown(listOf(fields, 'via'))).toEqual(['1.1 a', '1.1 b', '1.1 c']);
  expect(shown(fieldValues(fields, 'via'))).toEqual(['1.1 a', '1.1 b, 1.1 c']);
  expect(fieldValues(fields, 'server')).toEqual([]);
});

test.each<[string, string, Record<string, string | null>]>([
  ['db;dur=53.2', 'db', { dur: '53.2', desc: null }],
  ['cache; DESC="Cache; \\"Read\\"" ;dur=23', 'cache', { desc: 'Cache; "Read"', dur: '23' }],
  ['"default";q=100;w=60', 'default', { q: '100', w: '60' }],
  ['miss', 'miss', { dur: null }],
  ['flag;secure', 'flag', { secure: null }],
  ['x;dur = 1.5', 'x', { dur: '1.5' }],
])('the member %j is %j with parameters', (raw, value, parameters) => {
  const member = memberOf(wireText(raw));
  expect(visible(member.value)).toBe(value);
  for (const [name, expected] of Object.entries(parameters)) {
    const found = parameter(member, name);
    expect(found === null ? null : visible(found), name).toBe(expected);
  }
});

test.each<[string, number | null]>([
  ['12', 12],
  ['0.5', 0.5],
  ['', null],
  ['-1', null],
  ['1e9', null],
  ['0x10', null],
  ['Infinity', null],
  ['9'.repeat(400), null],
])('%j as a number is %j', (raw, value) => {
  expect(decimal(wireText(raw))).toBe(value);
});
