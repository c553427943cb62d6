// Targets that callers of /probe make up: none leads where the policy says no, however the address is spelt; each is refused or fails, within its time
// and size; the log stays a line an event, and the agent goes on.
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent, sumOf } from './rig/agent.ts';
import { freePort } from './rig/ports.ts';
import { openRig, type Rig } from './rig/rig.ts';

const [AGENT, OPEN, FORBIDDEN] = ['127.0.60.250', '127.0.60.251', '127.0.60.252'];
const MODULES = `
modules:
  http_2xx: { prober: http, timeout: 10s }
  tcp: { prober: tcp, timeout: 10s }
  tls: { prober: tcp, timeout: 10s, tcp: { tls: true } }
  grpc: { prober: grpc, timeout: 10s }
  websocket: { prober: websocket, timeout: 10s }
  dns: { prober: dns, timeout: 10s, dns: { query_name: kms.example } }
  unix: { prober: unix, timeout: 10s }
`;
/** What a probe is asked for, beside its target. */
const ASKED = [
  'module=http_2xx',
  'module=http_2xx&addresses=all',
  'module=http_2xx&debug=true',
  'module=tcp',
  'module=tls',
  'module=grpc',
  'module=websocket',
  'module=dns',
  'module=journey',
];
/** Of an answer, bytes: a target comes back in a few places, and never multiplied. */
const MOST_ANSWER = 200_000;

let rig: Rig;
let agent: RunningAgent;
let port = 0;
/** Connections to where nobody may go. */
let forbidden = 0;

beforeAll(async () => {
  rig = await openRig();
  port = await freePort([OPEN, FORBIDDEN]);
  const server = createServer((request, response) => {
    if (request.url === '/away') response.writeHead(302, { location: `http://${FORBIDDEN}:${port}/` });
    response.end('open');
  });
  const secret = createServer((_, response) => response.end('secret')).on('connection', () => forbidden++);
  await Promise.all([listening(server, OPEN), listening(secret, FORBIDDEN)]);
  const args = ['--deny', `${FORBIDDEN}/32`, '--log-level', 'debug', '--log-prober', 'debug', '--timeout-offset', '0s'];
  const file = await rig.write('blackbox.yml', MODULES);
  agent = await startAgent(rig, { args: ['--blackbox-config', file, ...args], listen: AGENT });
});
afterAll(() => rig?.close());

async function listening(server: Server, address: string): Promise<void> {
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  rig.defer(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
}

/** The same address as people, and those who mean harm, write it. */
function spellings(address: string): readonly string[] {
  const octets = address.split('.').map(Number);
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  const whole = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (value: number, length: number): string => value.toString(16).padStart(length, '0');
  const words = `${hex(a * 256 + b, 4)}:${hex(c * 256 + d, 4)}`;
  return [
    ...[address, `${address}.`, String(whole), `0x${hex(whole, 8)}`, `0X${hex(whole, 8).toUpperCase()}`],
    octets.map((octet) => `0${octet.toString(8)}`).join('.'),
    octets.map((octet) => `0x${hex(octet, 2)}`).join('.'),
    octets.map((octet) => `000${octet.toString(8)}`).join('.'),
    ...[`${a}.${whole % 2 ** 24}`, `${a}.${b}.${whole % 2 ** 16}`, `0${whole.toString(8)}`],
    ...[`[::ffff:${address}]`, `[::ffff:${words}]`, `[0:0:0:0:0:ffff:${words}]`, `[::ffff:${address}%25lo]`],
    ...[`[::${address}]`, `[64:ff9b::${words}]`, `[2002:${words}::]`],
    address.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    ...[address.replaceAll('.', '。'), address.replaceAll('.', '%2e'), address.replaceAll('1', '%31')],
    ...[address.replace('.', '.\t'), address.replace('.', '.\n'), `${address}%00`, `${address}\0.kms.example`],
  ];
}

const urlsOf = (host: string): readonly string[] => [`http://${host}:${port}/`, `${host}:${port}`];

const toForbidden = (): readonly string[] => [
  ...spellings(FORBIDDEN).flatMap(urlsOf),
  `http://user:word@${FORBIDDEN}:${port}/`,
  `http://${OPEN}:${port}@${FORBIDDEN}:${port}/`,
  `http://${OPEN}#@${FORBIDDEN}:${port}/`,
  `http://${FORBIDDEN}:${port}#@${OPEN}:${port}/`,
  `http://${OPEN}\\@${FORBIDDEN}:${port}/`,
  `http:\\\\${FORBIDDEN}:${port}\\`,
  `http:///${FORBIDDEN}:${port}/`,
  `http:${FORBIDDEN}:${port}`,
  `//${FORBIDDEN}:${port}/`,
  ` http://${FORBIDDEN}:${port}/`,
  `HTTP://${FORBIDDEN}:${port}/`,
  `ws://${FORBIDDEN}:${port}/`,
  encodeURIComponent(`http://${FORBIDDEN}:${port}/`),
];

/** Where clouds answer for their metadata. */
const toMetadata = ['169.254.169.254', '100.100.100.200', '192.0.0.192']
  .flatMap((address) => spellings(address).slice(0, 15))
  .concat(
    '[fd00:ec2::254]',
    '[FD00:0EC2:0::0254]',
    '[fd20:ce::254]',
    '[fe80::1%25lo]',
    '[fe80::1%lo]',
    '0',
    '0.0.0.0',
    '[::]',
  )
  .map((host) => `http://${host}/latest/meta-data/`);

const FORGED = '\ntime=2026-01-01T00:00:00Z level=error msg=forged';
const odd = [
  ...['file:///etc/passwd', '/etc/passwd', '../../etc/passwd', 'gopher://127.0.0.1:1/_x', 'data:text/plain,x'],
  ...['javascript:alert(1)', 'unix:///run/x.sock', 'http+unix://%2frun%2fx/', 'ftp://127.0.0.1:1/', 'jar:http://x!/'],
  ...[
    'http://',
    'http:///',
    '://',
    ':',
    ':0',
    ':65536',
    '127.0.0.1:99999',
    '127.0.0.1:-1',
    '127.0.0.1:1:1',
    '[',
    '[]',
    ']',
    '[::1',
  ],
  ...[
    '%',
    '%zz',
    '%00',
    '\0',
    '\x7f',
    '\x1b[31mred\x1b[0m',
    '\u202egpj.exe',
    '\u2028',
    '\ud800',
    '💥.example',
    'ⓔxample',
    'xn--',
    'xn--0',
  ],
  ...[
    `kms.example${FORGED}`,
    `http://kms.example/${FORGED}`,
    `http://127.0.0.1:1/\r\nX-Injected: yes\r\n\r\n`,
    '"',
    '\\',
    '{}',
    "'; --",
  ],
  ...[
    '..',
    '.',
    '...',
    'a..b',
    '-',
    '-a.example',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(200)}example`,
    '*',
    '?',
    '#',
    '@',
    '@@',
    ' ',
  ],
  ...[
    'x'.repeat(12_000),
    `http://${'x'.repeat(9000)}/`,
    `http://127.0.0.1:1/${'y'.repeat(9000)}`,
    `[${':'.repeat(9000)}]`,
    '9'.repeat(9000),
  ],
  ...[
    '$(touch /tmp/x)',
    '`id`',
    '${TOKEN}',
    '{{7*7}}',
    '<script>alert(1)</script>',
    '__proto__',
    'constructor',
    'toString',
  ],
];

const asked = (target: string, more: string): Promise<{ readonly status: number; readonly text: string }> =>
  agent.get(`/probe?${more}&target=${encodeURIComponent(target.toWellFormed())}`, {
    headers: { 'x-prometheus-scrape-timeout-seconds': '1' },
  });

/** In groups, as a caller would send them: bounded only by the agent. */
async function askedOfAll(targets: readonly string[]): Promise<readonly string[]> {
  const told: string[] = [];
  for (const more of ASKED) {
    const answers = await Promise.all(targets.map((target) => asked(target, more)));
    for (const [at, { status, text }] of answers.entries()) {
      const isRefused = status >= 400 && status < 500;
      // The page for people has the metrics within.
      const isFailed = status === 200 && /\nprobe_success 0\n/.test(text);
      const what = `${JSON.stringify(targets[at]?.slice(0, 80))} ${more}: `;
      if (!isRefused && !isFailed) told.push(`${what}${status} ${text.slice(0, 200)}`);
      if (text.length > MOST_ANSWER) told.push(`${what}${text.length} bytes`);
      if (/root:|secret/.test(text)) told.push(`${what}gave something away`);
      if (text.includes('    at ')) told.push(`${what}a stack`);
    }
  }
  return told;
}

describe('a hostile target', () => {
  it('is not gone to when it is a denied address, however that is written', async () => {
    expect(await askedOfAll(toForbidden())).toEqual([]);
    expect(forbidden).toBe(0);
  });

  it.each(['http_2xx', 'http_2xx&addresses=all', 'journey'])(
    'is not followed to a denied address: %s',
    async (module) => {
      const { status, text } = await asked(`http://${OPEN}:${port}/away`, `module=${module}`);
      expect(status).toBe(200);
      // A journey tells what it was answered and follows nobody.
      expect(text).toContain(`\nprobe_success ${module === 'journey' ? 1 : 0}\n`);
      expect(forbidden).toBe(0);
    },
  );

  it('is not gone to when it is where clouds answer for their metadata', async () => {
    expect(await askedOfAll(toMetadata)).toEqual([]);
  });

  it('is refused or fails when it is nothing at all', async () => {
    expect(await askedOfAll(odd)).toEqual([]);
  });

  it.each([
    ['a line feed', 'GET /probe?target=a\nX: y HTTP/1.1'],
    ['a zero', 'GET /probe?target=\0 HTTP/1.1'],
    ['bytes that are no UTF-8', 'GET /probe?target=\xff\xfe HTTP/1.1'],
    ['a head of a megabyte', `GET /probe?target=${'x'.repeat(1_000_000)} HTTP/1.1`],
  ])('that no client would send is answered, or hung up on: %s', async (_, line) => {
    const answer = await raw(`${line}\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(answer === '' || /^HTTP\/1\.1 4\d\d |probe_success 0\n/.test(answer), answer.slice(0, 200)).toBe(true);
  });

  it('leaves a log of one line an event, and an agent that goes on', async () => {
    const lines = agent.said().split('\n');
    expect(lines.length).toBeGreaterThan(1000);
    const strange = lines.filter(
      (line) => line !== '' && !/^time=\S+ level=(?:debug|info|warn|error) [^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u.test(line),
    );
    expect(strange.slice(0, 3)).toEqual([]);
    expect(lines.filter((line) => / msg=forged/.test(line.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')))).toEqual([]);
    const well = await agent.get(`/probe?target=http://${OPEN}:${port}/`);
    expect(well.text).toContain('\nprobe_success 1\n');
    const series = await agent.metrics();
    expect(sumOf(series, 'outrider_run_faults_total')).toBe(0);
    expect(agent.said()).not.toContain('a fault of this program');
    expect(agent.hasEnded()).toBe(false);
    expect(forbidden).toBe(0);
    // Whoever does go there is counted.
    await fetch(`http://${FORBIDDEN}:${port}/`);
    expect(forbidden).toBe(1);
    console.log(`${(sumOf(series, 'process_resident_memory_bytes') / 2 ** 20).toFixed(0)} MiB`);
  });
});

/** What comes back for these bytes; nothing when the connection is cut. */
function raw(bytes: string): Promise<string> {
  const [host = '', at = ''] = agent.listen.split(':');
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port: Number(at) }, () => socket.write(Buffer.from(bytes, 'latin1')));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.once('error', () => resolve(text));
    socket.once('close', () => resolve(text));
  });
}
