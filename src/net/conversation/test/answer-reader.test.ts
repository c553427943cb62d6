import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnswerReader } from '../answer-reader.ts';

const lines = (...all: readonly string[]): string => all.join('\r\n');

/** The whole text in one piece, then the end of the connection. */
function readAll(text: string, { bodyBytes = 1000, hasBody = true, end = true } = {}) {
  const reader = new AnswerReader(bodyBytes, hasBody);
  reader.push(Buffer.from(text, 'latin1'));
  if (end) reader.end();
  return { state: reader.state, keeps: reader.keepsConnection, answer: reader.read() };
}

describe('an answer', () => {
  test.each<[string, string, object]>([
    ['by its length', lines('HTTP/1.1 200 OK', 'Content-Length: 2', '', 'hi'), { state: 'whole', keeps: true }],
    [
      'of HTTP/1.0 that is kept',
      lines('HTTP/1.0 200 OK', 'Connection: Keep-Alive', 'Content-Length: 0', '', ''),
      { state: 'whole', keeps: true },
    ],
    ['of HTTP/1.0', lines('HTTP/1.0 200 OK', 'Content-Length: 0', '', ''), { state: 'whole', keeps: false }],
    [
      'that is the last',
      lines('HTTP/1.1 200 OK', 'connection: x, Close', 'Content-Length: 0', '', ''),
      { state: 'whole', keeps: false },
    ],
    [
      'in chunks with an extension and a trailer',
      lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '', '2;a=b', 'hi', '0', 'X: y', '', ''),
      { state: 'whole', keeps: true, answer: { bodyBytes: 2, bodyStart: 'hi' } },
    ],
    ['to the end of the connection', lines('HTTP/1.1 200 OK', '', 'hello'), { state: 'whole', keeps: false }],
    ['without body', lines('HTTP/1.1 304 Not Modified', 'Content-Length: 9', '', ''), { state: 'whole', keeps: true }],
    ['that is cut short', lines('HTTP/1.1 200 OK', 'Content-Length: 9', '', 'hi'), { state: 'more', keeps: false }],
    ['of two lengths', lines('HTTP/1.1 200 OK', 'Content-Length: 1', 'Content-Length: 2', '', 'hi'), { state: 'cut' }],
    [
      'of chunks and a length',
      lines('HTTP/1.1 200 OK', 'Content-Length: 1', 'Transfer-Encoding: chunked', '', '0', '', ''),
      { state: 'cut' },
    ],
    [
      'of a chunk without number',
      lines('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '', 'x', ''),
      { state: 'cut' },
    ],
    [
      'that is too large',
      lines('HTTP/1.1 200 OK', '', 'x'.repeat(1001)),
      { state: 'cut', answer: { bodyBytes: 1000 } },
    ],
    ['of another protocol', lines('HTTP/1.1 101 Switching Protocols', '', ''), { state: 'cut' }],
    [
      'behind informational ones',
      lines('HTTP/1.1 103 Early Hints', 'a: b', '', 'HTTP/1.1 100 Continue', '', 'HTTP/1.1 204 No Content', '', ''),
      { state: 'whole', answer: { status: 204 } },
    ],
    ['of informational ones without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(9), { state: 'cut', answer: null }],
    [
      'without head',
      '<html>',
      { state: 'whole', keeps: false, answer: { status: 0, version: null, bodyStart: '<html>' } },
    ],
    ['of less than a head', 'HTT', { state: 'whole', answer: { status: 0, bodyStart: 'HTT' } }],
    ['with a head without end', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(4000)}`, { answer: { status: 0 } }],
    ['with lines that are no fields', 'HTTP/1.1 200\n:x\nnothing\nA : b\n\n', { answer: { headers: [['A ', 'b']] } }],
  ])('%s', (_, text, expected) => {
    expect(readAll(text)).toMatchObject(expected);
  });

  test('to HEAD has no body whatever its length', () => {
    expect(readAll(lines('HTTP/1.1 200 OK', 'Content-Length: 9', '', ''), { hasBody: false, end: false }).state).toBe(
      'whole',
    );
  });

  test('keeps the order and the letters of its fields, and its reason', () => {
    const { answer } = readAll(lines('HTTP/1.1 400 Bad: no Host', 'X-b:  1 ', 'Date: 2', 'x-B: 3', '', ''));
    expect(answer).toMatchObject({
      version: 'HTTP/1.1',
      reason: 'Bad: no Host',
      headers: [
        ['X-b', '1'],
        ['Date', '2'],
        ['x-B', '3'],
      ],
    });
  });
});

const piece = fc.oneof(
  fc.constantFrom(
    'HTTP/1.1 200 OK\r\n',
    '\r\n',
    '\n',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    '5\r\n',
    '0\r\n',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

test('whatever comes, in whatever pieces, is read the same and within bounds', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat({ max: 40 }), { minLength: 1 }), (parts, cuts) => {
      const bytes = Buffer.from(parts.join(''), 'latin1');
      const whole = new AnswerReader(100, true);
      whole.push(bytes);
      whole.end();
      const slow = new AnswerReader(100, true);
      for (let at = 0, turn = 0; at < bytes.byteLength; turn++) {
        const size = 1 + (cuts[turn % cuts.length] ?? 0);
        slow.push(bytes.subarray(at, at + size));
        at += size;
      }
      slow.end();
      expect([slow.state, slow.keepsConnection]).toEqual([whole.state, whole.keepsConnection]);
      expect({ ...slow.read(), bodyBytes: 0, bodyStart: '' }).toEqual({ ...whole.read(), bodyBytes: 0, bodyStart: '' });
      expect(whole.read()?.bodyBytes ?? 0).toBeLessThanOrEqual(100);
    }),
  );
});
