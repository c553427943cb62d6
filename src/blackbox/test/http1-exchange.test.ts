// Holds the exchange in HTTP/1 to what net/http sends and takes, byte by byte, and to its bounds.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { StepFailure } from '../../net/sample/step.ts';
import { Mistake } from '../failure.ts';
import { exchangeHttp1, type Http1Answer, type Http1Request } from '../probers/http1-exchange.ts';
import { listening } from './asking.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const GET: Http1Request = {
  ...{ target: '/a?b', host: 'x.example', method: 'GET', headers: [['user-agent', 'agent/1']], body: null },
  isStreamed: false,
  ...{ mostBytes: 100_000, keepsBody: true },
};

interface Outcome {
  readonly answer: Http1Answer | null;
  readonly failure: string | null;
  readonly sent: string;
  readonly firstBytes: number;
}

/** @param serve is given the connection once the request's head is there */
async function exchanged(
  serve: (socket: Socket) => void,
  given: Partial<Http1Request> = {},
  signal = new AbortController().signal,
): Promise<Outcome> {
  let sent = '';
  let firstBytes = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const isFirst = !sent.includes('\r\n\r\n');
      sent += data.toString('latin1');
      if (isFirst && sent.includes('\r\n\r\n')) serve(socket);
    });
  });
  const socket = connect(await listening(server), '127.0.0.1');
  closing.push(() => socket.destroy() && server.close());
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  try {
    const answer = await exchangeHttp1(socket, { ...GET, ...given }, signal, () => {
      firstBytes += 1;
    });
    return { answer, failure: answer.cut === null ? null : words(answer.cut), sent, firstBytes };
  } catch (error) {
    if (error instanceof Mistake) return { answer: null, failure: error.message, sent, firstBytes };
    if (!(error instanceof StepFailure)) throw error;
    return { answer: null, failure: words(error), sent, firstBytes };
  }
}

const words = ({ problem: { step, code } }: StepFailure): string => `${step} ${code}`;

const saying = (text: string) => (socket: Socket) => void socket.end(text, 'latin1');
const OK = 'HTTP/1.1 200 OK\r\n';

describe('a request', () => {
  test.each<[string, Partial<Http1Request>, string]>([
    ['GET', {}, 'GET /a?b HTTP/1.1\r\nHost: x.example\r\nUser-Agent: agent/1\r\nConnection: close\r\n\r\n'],
    [
      'POST of nothing',
      { method: 'POST', headers: [] },
      'POST /a?b HTTP/1.1\r\nHost: x.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    ],
    [
      'POST, with fields that are its own affair',
      {
        method: 'POST',
        body: Buffer.from('hello'),
        headers: [
          ['content-length', '99'],
          ['transfer-encoding', 'chunked'],
          ['x-OWN', 'é'],
        ],
      },
      'POST /a?b HTTP/1.1\r\nHost: x.example\r\nContent-Length: 5\r\nX-Own: Ã©\r\nConnection: close\r\n\r\nhello',
    ],
    [
      'a file, whose length Go does not know',
      { method: 'POST', headers: [['b', '1']], body: Buffer.from('x'.repeat(32_770)), isStreamed: true },
      `POST /a?b HTTP/1.1\r\nHost: x.example\r\nTransfer-Encoding: chunked\r\nB: 1\r\nConnection: close\r\n\r\n8000\r\n${'x'.repeat(32_768)}\r\n2\r\nxx\r\n0\r\n\r\n`,
    ],
    [
      'an empty file of a POST',
      { method: 'POST', headers: [], body: Buffer.alloc(0), isStreamed: true },
      'POST /a?b HTTP/1.1\r\nHost: x.example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n',
    ],
    [
      'an empty file of a GET',
      { headers: [], isStreamed: true },
      'GET /a?b HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\n\r\n',
    ],
    [
      'DELETE',
      { method: 'DELETE', headers: [['Connection', 'keep-alive']] },
      'DELETE /a?b HTTP/1.1\r\nHost: x.example\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n',
    ],
    [
      'fields in their order, who asks first',
      {
        method: 'POST',
        headers: [
          ['zz', '1'],
          ['Aa', '2'],
          ['user-agent', 'me'],
          ['aA', '3'],
        ],
      },
      'POST /a?b HTTP/1.1\r\nHost: x.example\r\nUser-Agent: me\r\nContent-Length: 0\r\nAa: 2\r\nAa: 3\r\nZz: 1\r\nConnection: close\r\n\r\n',
    ],
    [
      'the end of the connection once, and no agent where the module wants none',
      {
        headers: [
          ['user-agent', ''],
          ['connection', 'x, Close'],
        ],
      },
      'GET /a?b HTTP/1.1\r\nHost: x.example\r\nConnection: x, Close\r\n\r\n',
    ],
    [
      'for another protocol',
      {
        headers: [
          ['Upgrade', 'foo'],
          ['Connection', 'Upgrade'],
        ],
      },
      'GET /a?b HTTP/1.1\r\nHost: x.example\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n',
    ],
  ])('%s', async (_name, given, bytes) => {
    const { sent, failure } = await exchanged(saying(`${OK}Content-Length: 0\r\n\r\n`), given);
    expect(failure).toBeNull();
    expect(sent).toBe(bytes);
  });

  test.each<[string, Partial<Http1Request>]>([
    ['a value', { headers: [['x', 'a\r\nb: c']] }],
    ['a name', { headers: [['x: y\r\nz', 'a']] }],
    ['the agent', { headers: [['user-agent', 'a\r\nb: c']] }],
    ['the host', { host: 'a\r\nb: c' }],
    ['the target', { target: '/ HTTP/1.1\r\nHost: y\r\n\r\n' }],
    ['the method', { method: 'GET /x' }],
  ])('is not sent when %s would break out of its line', async (_name, given) => {
    expect(await exchanged(saying(OK), given)).toMatchObject({ failure: 'a header that cannot be sent', sent: '' });
  });
});

describe('an answer', () => {
  const chunked = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
  test.each<[string, string, number, string]>([
    ['of a length', `${OK}Content-Length: 4\r\n\r\nfine`, 200, 'fine'],
    ['of a length, and more behind it', `${OK}content-length: 4\r\n\r\nfineHTTP/1.1`, 200, 'fine'],
    ['of a length, said twice', `${OK}Content-Length: 4\r\nContent-Length: 4\r\n\r\nfine`, 200, 'fine'],
    ['to the end', 'HTTP/1.0 404 Not Found\r\nServer: old\r\n\r\nfine', 404, 'fine'],
    ['in chunks', `${chunked}2\r\nfi\r\n2;x=y\r\nne\r\n0\r\nTrailer: 1\r\n\r\n`, 200, 'fine'],
    ['without reason, lines ended by LF', 'HTTP/1.1 200\nContent-Length: 4\n\nfine', 200, 'fine'],
    ['of 204 that claims a body', 'HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n', 204, ''],
    [
      'in chunks, whatever length it claims',
      `${chunked.replace('\r\n\r\n', '\r\nContent-Length: 1')}\r\n\r\n4\r\nfine\r\n0\r\n\r\n`,
      200,
      'fine',
    ],
    [
      'in chunks with long extensions and trailers',
      `${chunked}4;x=${'y'.repeat(900)}\r\nfine\r\n0\r\nX: ${'y'.repeat(900)}\r\n\r\n`,
      200,
      'fine',
    ],
    ['of HTTP/1.0, which knows no chunks', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfine', 200, 'fine'],
    [
      'that leads elsewhere, of which no body is waited for',
      'HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 9\r\n\r\n',
      302,
      '',
    ],
    [
      'whose first location is empty, as Go reads no other',
      'HTTP/1.1 302 Found\r\nLocation:\r\nLocation: /x\r\nContent-Length: 4\r\n\r\nfine',
      302,
      'fine',
    ],
    ['of a status below all', 'HTTP/1.1 099 X\r\nContent-Length: 4\r\n\r\nfine', 99, 'fine'],
    ['of 304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', 304, ''],
    ['of 101', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nfine', 101, 'fine'],
    [
      'behind informational ones',
      `HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 100 \r\n\r\n${OK}\r\nfine`,
      200,
      'fine',
    ],
  ])('%s', async (_name, bytes, status, body) => {
    const whole = await exchanged(saying(bytes));
    expect(whole.failure).toBeNull();
    expect([whole.answer?.status, whole.answer?.body.toString(), whole.answer?.truncated]).toEqual([
      status,
      body,
      false,
    ]);
    const slowly = await exchanged((socket) => {
      socket.setNoDelay();
      let at = 0;
      const step = (): void => {
        if (at >= bytes.length) socket.end();
        else socket.write(bytes.slice(at, ++at), 'latin1', step);
      };
      step();
    });
    expect(slowly.answer).toEqual(whole.answer);
  });

  test('tells its fields as they came, folded lines made one, and when it began', async () => {
    const fields = 'Server: a\r\nX-Two: 1\r\nx-two:2  \r\nX-Fold: a\r\n  b\r\nX-Latin: \xe9';
    const { answer, firstBytes } = await exchanged(saying(`HTTP/1.1 100 \r\n\r\n${OK}${fields}\r\n\r\n`));
    expect(answer?.proto).toBe('HTTP/1.1');
    expect(firstBytes).toBe(2);
    expect(answer?.headers).toEqual([
      ['Server', 'a'],
      ['X-Two', '1'],
      ['x-two', '2'],
      ['X-Fold', 'a b'],
      ['X-Latin', 'é'],
    ]);
  });

  test('to HEAD has no body, whatever it says', async () => {
    const { answer } = await exchanged(saying(`${OK}Content-Length: 9\r\n\r\n`), { method: 'HEAD' });
    expect([answer?.status, answer?.body.byteLength]).toEqual([200, 0]);
  });

  test.each<[string, string, string]>([
    ['nothing', '', 'wait closed'],
    ['half a head', `${OK}Server: a\r\n`, 'wait closed'],
    ['half a body', `${OK}Content-Length: 9\r\n\r\nhalf`, 'receive closed'],
    ['half its chunks', `${chunked}4\r\nha`, 'receive closed'],
    ['no HTTP', 'SSH-2.0-x\r\n\r\n', 'wait http-protocol'],
    ['an empty line first', `\r\n${OK}\r\n`, 'wait http-protocol'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', 'wait http-protocol'],
    ['a line that is no field', `${OK}no field\r\n\r\n`, 'wait http-protocol'],
    ['a field with a blank in its name', `${OK}a b: c\r\n\r\n`, 'wait http-protocol'],
    ['a field with NUL', `${OK}a: b\0\r\n\r\n`, 'wait http-protocol'],
    ['two lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 'wait http-protocol'],
    ['a length that is no number', `${OK}Content-Length: -1\r\n\r\n`, 'wait http-protocol'],
    [
      'of a coding that nobody asked for',
      `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
      'wait http-protocol',
    ],
    ['chunks that are none', `${chunked}zz\r\n\r\n`, 'receive http-protocol'],
    ['a head without end', `${OK}${`X: ${'y'.repeat(1000)}\r\n`.repeat(1100)}`, 'wait headers-too-large'],
    [
      'informational ones without end',
      `HTTP/1.1 100 \r\nX: ${'y'.repeat(1000)}\r\n\r\n`.repeat(1100),
      'wait headers-too-large',
    ],
  ])('that is %s fails', async (_name, bytes, failure) => {
    expect((await exchanged(saying(bytes))).failure).toBe(failure);
  });

  test('tells its head and what came of its body where that is cut', async () => {
    const { answer } = await exchanged(saying(`${OK}Server: a\r\nContent-Length: 9\r\n\r\nhalf`));
    expect([answer?.status, answer?.headers[0], answer?.body.toString()]).toEqual([200, ['Server', 'a'], 'half']);
    const stop = new AbortController();
    const slow = await exchanged(
      (socket) => void socket.write(`${chunked}4\r\nha`, () => setTimeout(() => stop.abort(), 50)),
      {},
      stop.signal,
    );
    expect([slow.failure, slow.answer?.body.toString()]).toEqual(['receive cancelled', 'ha']);
  });

  test('is read as far as is wanted', async () => {
    const bytes = `${OK}Content-Length: 9\r\n\r\n${'a'.repeat(9)}`;
    const [less, same] = [
      await exchanged(saying(bytes), { mostBytes: 5 }),
      await exchanged(saying(bytes), { mostBytes: 9 }),
    ];
    expect([less.answer?.body.byteLength, less.answer?.truncated]).toEqual([5, true]);
    expect([same.answer?.body.byteLength, same.answer?.truncated]).toEqual([9, false]);
  });

  test('is counted and not kept where nobody looks at it', async () => {
    const { answer } = await exchanged(saying(`${chunked}4\r\nfine\r\n0\r\n\r\n`), { keepsBody: false });
    expect([answer?.bodyBytes, answer?.body.byteLength, answer?.truncated]).toEqual([4, 0, false]);
    const half = await exchanged(saying(`${OK}Content-Length: 9\r\n\r\nhalf`), { keepsBody: false, mostBytes: 3 });
    expect([half.answer?.bodyBytes, half.answer?.truncated]).toEqual([3, true]);
  });

  test('is given up when the probe is over, and when the connection is reset', async () => {
    const stop = new AbortController();
    expect((await exchanged(() => stop.abort(), {}, stop.signal)).failure).toBe('wait cancelled');
    expect((await exchanged((socket) => socket.resetAndDestroy())).failure).toBe('wait reset');
  });
});
