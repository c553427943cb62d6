// Owns the tests of the trace headers as text: what is written is what the two specifications show, and what is read back is checked.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTraceparent, traceField } from '../trace-context.ts';

const TRACE = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true };

test('both headers name one trace', () => {
  expect(traceField('traceparent', TRACE)).toEqual([
    'traceparent',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  ]);
  expect(traceField('amzn', TRACE)).toEqual([
    'X-Amzn-Trace-Id',
    'Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1',
  ]);
  const unsampled = { ...TRACE, sampled: false };
  expect(traceField('traceparent', unsampled)[1]).toMatch(/-00$/);
  expect(traceField('amzn', unsampled)[1]).toMatch(/;Sampled=0$/);
});

const IDS = `${TRACE.traceId}-${TRACE.spanId}`;

test.each([
  [`00-${IDS}-01`, TRACE],
  [` 00-${IDS}-00 `, { ...TRACE, sampled: false }],
  [`00-${IDS}-03`, TRACE],
  [`cc-${IDS}-01-what-comes-later`, TRACE],
  [`00-${IDS}-01-more`, null],
  [`ff-${IDS}-01`, null],
  [`00-${IDS.toUpperCase()}-01`, null],
  [`00-${'0'.repeat(32)}-${TRACE.spanId}-01`, null],
  [`00-${TRACE.traceId}-${'0'.repeat(16)}-01`, null],
  [`00-${IDS}`, null],
  ['', null],
])('reads %s', (text, read) => {
  expect(readTraceparent(text)).toEqual(read);
});

test('what is written is read back, and nothing throws', () => {
  const hex = (length: number) =>
    fc
      .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
      .filter((text) => !/^0+$/.test(text));
  fc.assert(
    fc.property(fc.record({ traceId: hex(32), spanId: hex(16), sampled: fc.boolean() }), (context) => {
      expect(readTraceparent(traceField('traceparent', context)[1])).toEqual(context);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void readTraceparent(text)));
});
