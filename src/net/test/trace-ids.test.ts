// Owns the tests of made ids: shape, the epoch in front, and that they differ.
import { expect, test } from 'vitest';
import { newSpanId, openTraceIds } from '../trace-ids.ts';

const AT_MS = Date.parse('2026-11-21T12:00:00.900Z');

test('the second of the start comes first, the rest is as drawn', () => {
  const mint = openTraceIds((bytes) => new Uint8Array(bytes).fill(0xab));
  expect(mint(AT_MS)).toEqual({
    traceId: Math.floor(AT_MS / 1000).toString(16) + 'ab'.repeat(12),
    spanId: 'ab'.repeat(8),
  });
});

test('no id is all zero', () => {
  const { traceId, spanId } = openTraceIds((bytes) => new Uint8Array(bytes))(AT_MS);
  expect(traceId).not.toMatch(/^0+$/);
  expect(spanId).not.toMatch(/^0+$/);
});

test('a thousand ids of one second are a thousand', () => {
  const mint = openTraceIds();
  const ids = Array.from({ length: 1000 }, () => mint(AT_MS));
  expect(new Set(ids.map(({ traceId }) => traceId)).size).toBe(1000);
  expect(new Set([...ids.map(({ spanId }) => spanId), newSpanId()]).size).toBe(1001);
  for (const { traceId, spanId } of ids) {
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(spanId).toMatch(/^[0-9a-f]{16}$/);
  }
});
