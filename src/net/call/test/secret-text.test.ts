// Owns the tests of texts that hold secrets: what goes on the wire is exact, and what comes back of it is hidden.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Secret } from '../../../model/secret.ts';
import { SecretText } from '../../../model/secret-text.ts';
import { type Encoding, hiding, jsonPieces, secretPieces, textToCompare, written } from '../secret-text.ts';

const VALUE = 'it\'s "quoted" /?&=%\\ ü\u2028';

test.each([
  ['raw', VALUE],
  ['url', encodeURIComponent(VALUE)],
  ['json', JSON.stringify(VALUE).slice(1, -1)],
  ['form', new URLSearchParams([['a', VALUE]]).toString().slice(2)],
] as const)('a value is put in for the place it goes to: %s', (encoding, expected) => {
  const text = written(['before ', { value: new Secret('x', VALUE), encoding }], 'whole');
  expect(text).toBeInstanceOf(Secret);
  expect(String(text)).toBe('[secret whole]');
  expect((text as Secret).open()).toBe(`before ${expected}`);
});

test('a text without values stays what it is', () => {
  expect(written(['a', 'b'], 'whole')).toBe('ab');
});

test('JSON is the same with its values put in', () => {
  const value = { a: [1, null, true, 'x"y'], b: { c: new SecretText(['<', new Secret('x', VALUE), '>']) } };
  const text = textToCompare(jsonPieces(value, (one) => secretPieces(one, 'json')));
  expect(JSON.parse(text)).toEqual({ a: [1, null, true, 'x"y'], b: { c: `<${VALUE}>` } });
});

test('whatever the value and wherever it stands, it is hidden again', () => {
  const secret = fc
    .string({ minLength: 8, maxLength: 40, unit: 'grapheme-ascii' })
    .filter((text) => /[^a-z\][ ]/.test(text));
  const encoding = fc.constantFrom<Encoding>('raw', 'url', 'json', 'form');
  fc.assert(
    fc.property(secret, encoding, fc.constantFrom('', '{"', 'a=b&'), (value, how, before) => {
      const one = new Secret('NAME', value);
      const text = textToCompare([before, { value: one, encoding: how }, '"}']);
      expect(hiding([one])(text)).toBe(`${before}[secret NAME]"}`);
      const quoted = JSON.stringify(textToCompare([{ value: one, encoding: 'json' }]));
      expect(hiding([one])(quoted)).toBe('"[secret NAME]"');
      // As basic credentials (RFC 7617), behind a user name of any length: what is left of it are its ends at most.
      for (const user of ['', 'u', 'us', 'use']) {
        const shown = hiding([one])(Buffer.from(`${user}:${value}`).toString('base64'));
        expect(shown).toContain('[secret NAME]');
      }
    }),
  );
});
