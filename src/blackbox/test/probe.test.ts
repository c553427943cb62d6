// Holds /probe to blackbox_exporter's answers: refusals in their order, the timeout rule, gauges in its form, and the tcp prober on real sockets.
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { readBlackboxConfig } from '../config/read.ts';
import { hostOf } from '../every-address.ts';
import { CONTENT_TYPES, expose, Gauges, goFloat } from '../gauges.ts';
import { answerProbe, type ProbeRoom } from '../handler.ts';
import { openHistory } from '../history.ts';
import { addressHash, splitHostPort } from '../resolving.ts';
import { probeTimeout } from '../timeout.ts';

test.each([
  [0, '15', 0.5, 14.5],
  [20, '15', 0.5, 14.5],
  [5, '15', 0.5, 5],
  [5, '15', 0, 5],
  [5, undefined, 0.5, 5],
  [10, undefined, 0.5, 10],
  [9.5, undefined, 1, 9.5],
  [0, undefined, 0.5, 119.5],
  [0, undefined, 0, 120],
  [0, '0.3', 0.5, 0],
  [2, '0.3', 0.5, 2],
])('a module of %s s under a scrape of %s s with the offset %s s gets %s s', (module, header, offset, seconds) => {
  expect(probeTimeout(header, module * 1000, offset)).toBe(seconds);
});

test('a header that is no number is none', () => expect(probeTimeout('soon', 0, 0.5)).toBeNull());

test.each([
  [0, '0'],
  [1, '1'],
  [-1, '-1'],
  [0.1, '0.1'],
  [123_456, '123456'],
  [1_234_567, '1.234567e+06'],
  [1_700_000_000, '1.7e+09'],
  [-62_135_596_800, '-6.21355968e+10'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [12.5, '12.5'],
  [Number.NaN, 'NaN'],
  [Infinity, '+Inf'],
])('%s is printed as %s', (value, text) => expect(goFloat(value)).toBe(text));

test('gauges are printed by name, labels escaped, families without series left out', () => {
  const gauges = new Gauges();
  gauges.gauge('b', 'second').set(1);
  gauges.labelled('a', 'first\nline', { z: 'q"\\', y: 'x\ny' }).set(2);
  expect(expose(gauges, 'text')).toBe(
    '# HELP a first\\nline\n# TYPE a gauge\na{y="x\\ny",z="q\\"\\\\"} 2\n# HELP b second\n# TYPE b gauge\nb 1\n',
  );
  expect(expose(gauges, 'openmetrics').split('\n').slice(-3)).toEqual(['b 1.0', '# EOF', '']);
});

test.each([
  ['127.0.0.1', 3_668_918_509],
  ['::ffff:127.0.0.1', 3_668_918_509],
])('the hash of %s is %s', (address, hash) => expect(addressHash(address)).toBe(hash));

test('a target is split as net.SplitHostPort does', () => {
  expect(splitHostPort('a:1')).toEqual({ host: 'a', port: '1' });
  expect(splitHostPort('[::1]:1')).toEqual({ host: '::1', port: '1' });
  for (const wrong of ['a', '::1:1', '[::1]', 'a:b:1']) expect(splitHostPort(wrong)).toBeNull();
});

test('the history keeps failures longer than successes, and no more than it is told', () => {
  const history = openHistory(2);
  for (const [at, success] of [false, true, false, true, true, true].entries())
    history.add({ module: 'm', target: `t${at}`, debug: () => '', success, endedAtMs: at });
  expect(history.list().map(({ id }) => id)).toEqual([0, 2, 4, 5]);
  expect(history.byTarget('t2', 'm')?.id).toBe(2);
  expect(history.byTarget('t2', 'other')).toBeNull();
  expect(history.byId(1)).toBeNull();
});

const CONFIG = `modules:
  http_2xx: {prober: tcp, timeout: 5s}
  tcp: {prober: tcp, timeout: 5s}
  quick: {prober: tcp, timeout: 200ms, tcp: {query_response: [{expect: never}]}}
  irc:
    prober: tcp
    timeout: 5s
    tcp:
      query_response:
      - send: "NICK prober"
      - expect: "PING :([^ ]+)"
        send: "PONG \${1}"
        labels: [{name: token, value: "<$1>"}]
      - expect: "^:[^ ]+ 001"
  bytes: {prober: tcp, timeout: 5s, tcp: {query_response: [{expect_bytes: S}]}}
`;

function roomOf(config = CONFIG): ProbeRoom {
  return {
    config: readBlackboxConfig(config),
    history: openHistory(10),
    resolve: async (name) => {
      if (name === 'here.example') return ['127.0.0.1'];
      throw new Error(`lookup ${name}: no such host`);
    },
    allows: (address) => (address === '169.254.169.254' ? 'link-local' : null),
    rootsPem: null,
    wallClockMs: () => 0,
    userAgent: 'test',
    quirks: true,
    env: {},
    timeoutOffsetSeconds: 0.5,
    logLevel: 'debug',
    networks: null,
    onUnknownModule: () => undefined,
    onFlap: () => undefined,
    signal: new AbortController().signal,
  };
}

const ask = (query: string, room = roomOf(), scrapeTimeout?: string) =>
  answerProbe({ query: new URLSearchParams(query), scrapeTimeout, exposition: 'text' }, room);

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serverOf(talk: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    talk(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describe('/probe', () => {
  test("refuses in the exporter's order and words", async () => {
    expect(await ask('module=nope')).toMatchObject({ status: 400, body: 'Unknown module "nope"\n' });
    expect(await ask('module=tcp', roomOf(), 'soon')).toMatchObject({
      status: 500,
      body: 'Failed to parse timeout from Prometheus header: strconv.ParseFloat: parsing "soon": invalid syntax\n',
    });
    expect(await ask('module=tcp')).toMatchObject({ status: 400, body: 'Target parameter is missing\n' });
  });

  test('a failed probe is an answer, a target is decoded twice, and the default module is http_2xx', async () => {
    const port = await serverOf(() => undefined);
    const room = roomOf();
    const answer = await ask(`target=here.example%253A${port}`, room);
    expect(answer).toMatchObject({ status: 200, contentType: CONTENT_TYPES.text });
    expect(answer.body).toContain('\nprobe_success 1\n');
    const lost = await ask('target=gone.example:1', room);
    expect(lost.body).toContain('\nprobe_success 0\n');
    expect(lost.body).toContain('\nprobe_ip_protocol 0\n');
    expect(room.history.list().map(({ success, module }) => `${module} ${success}`)).toEqual([
      'http_2xx true',
      'http_2xx false',
    ]);
    expect(room.history.byId(1)?.debug()).toContain('lookup gone.example: no such host');
  });

  test('an address that is not allowed is not gone to', async () => {
    const { body } = await ask('module=tcp&debug=true&target=169.254.169.254:80');
    expect(body).toContain('probe_success 0');
    expect(body).toContain('link-local');
  });

  test('goes through a dialogue, sends back what matched, and labels it', async () => {
    let heard = '';
    const port = await serverOf((socket) => {
      socket.on('data', (chunk: Buffer) => {
        heard += chunk.toString();
        if (heard.includes('PONG a\u00e9b\n')) socket.end(':host 001 welcome\r\n');
      });
      socket.write('NOTICE x\r\nPI');
      setImmediate(() => socket.write('NG :a\u00e9b \r\n'));
    });
    const { body } = await ask(`module=irc&target=127.0.0.1:${port}`);
    expect(body).toContain('probe_expect_info{token="<a\u00e9b>"} 1\n');
    expect(body).toContain('probe_failed_due_to_regex 0\n');
    expect(body).toContain('probe_success 1\n');
    expect(heard).toBe('NICK prober\nPONG a\u00e9b\n');
  });

  test.each([
    ['what does not fit', 'bytes', (socket: Socket) => void socket.write('N'), 'probe_failed_due_to_bytes 1'],
    ['an end without the line', 'irc', (socket: Socket) => void socket.end('bye\n'), 'probe_failed_due_to_regex 1'],
    ['silence, within the timeout', 'quick', () => undefined, 'probe_failed_due_to_regex 0'],
    [
      'a line without end',
      'irc',
      (socket: Socket) => void socket.write('x'.repeat(100_000)),
      'probe_failed_due_to_regex 0',
    ],
  ])('fails for %s', async (_name, module, talk, gauge) => {
    const port = await serverOf(talk);
    const { body } = await ask(`module=${module}&target=127.0.0.1:${port}`);
    expect(body).toContain('\nprobe_success 0\n');
    expect(body).toContain(`\n${gauge}\n`);
  });
});

describe('every address of a name', () => {
  const several = async (query: string) => {
    const port = await serverOf(() => undefined);
    const room = { ...roomOf(), resolve: async () => ['127.0.0.1', '127.0.0.2', '127.0.0.1'] };
    return (await ask(`module=tcp&target=here.example:${port}${query}`, room)).body;
  };

  test('is probed, told apart, and rolled up', async () => {
    const body = await several('&addresses=all');
    expect(body).toContain('probe_address_success{address="127.0.0.1"} 1\n');
    expect(body).toContain('probe_address_success{address="127.0.0.2"} 0\n');
    expect(body).toContain('\nprobe_addresses 2\n');
    expect(body).toContain('\nprobe_addresses_failed 1\n');
    expect(body).toContain('\nprobe_success 0\n');
  });

  test.each([
    ['&addresses=all&quorum=any', '1'],
    ['&addresses=all&quorum=1', '1'],
    ['&addresses=all&quorum=2', '0'],
    ['&addresses=all&quorum=all', '0'],
    ['', '1'],
  ])('under %j: success %s', async (query, success) => {
    const body = await several(query);
    expect(body).toContain(`\nprobe_success ${success}\n`);
    if (query === '') expect(body).not.toContain('probe_address');
  });

  test('a quorum that is none is refused, and a name without address fails as ever', async () => {
    expect(await ask('module=tcp&target=a:1&addresses=all&quorum=0')).toMatchObject({ status: 400 });
    expect((await ask('module=tcp&target=gone.example:1&addresses=all')).body).toContain('\nprobe_success 0\n');
  });

  test.each([
    ['https://a.example:8443/x', 'a.example'],
    ['a.example:1', 'a.example'],
    ['a.example', 'a.example'],
    ['a.example/path', 'a.example'],
    ['[::1]:1', '::1'],
    ['::1', '::1'],
    ['http://[::1]/', '::1'],
  ])('the host of %j is %s', (target, host) => expect(hostOf(target)).toBe(host));
});
