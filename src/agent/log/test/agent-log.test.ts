// Holds lines of the log to their form in both formats, to their bounds, and to the absence of every secret and escape.
import { describe, expect, test, vi } from 'vitest';
import type { LogFormat, LogLevel } from '../../../model/logfmt.ts';
import { type AgentLog, openAgentLog } from '../agent-log.ts';
import { maskedText } from '../masked-text.ts';
import { paced } from '../paced.ts';

function opened(
  format: LogFormat,
  level: LogLevel = 'info',
  isJournal = false,
): { readonly log: AgentLog; readonly lines: string[] } {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line), dropped: () => 7, flush: async () => undefined };
  return {
    log: openAgentLog({ level, format, sink, isJournal, wallClockMs: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) }),
    lines,
  };
}

test('a line in both formats', () => {
  const attributes = { target: 'kms', findings: ['certificate-expiry', 'b'], turns: 3, tls: true, err: 'a "b" = c' };
  const json = opened('json');
  json.log.warn('verdict changed', attributes);
  expect(json.lines).toEqual([
    '{"level":"warn","time":"2026-01-02T03:04:05.006Z","target":"kms","findings":["certificate-expiry","b"],"turns":3,"tls":true,"err":"a \\"b\\" = c","msg":"verdict changed"}\n',
  ]);
  const logfmt = opened('logfmt');
  logfmt.log.warn('verdict changed', attributes);
  expect(logfmt.lines).toEqual([
    'time=2026-01-02T03:04:05.006Z level=warn msg="verdict changed" target=kms findings=certificate-expiry,b turns=3 tls=true err="a \\"b\\" = c"\n',
  ]);
});

test('the journal reads the level of each line in both formats', () => {
  for (const format of ['json', 'logfmt'] as const) {
    const { log, lines } = opened(format, 'debug', true);
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]('x');
    expect(lines.map((line) => line.slice(0, 4))).toEqual(
      ['<7>', '<6>', '<4>', '<3>'].map((one) => `${one}${format === 'json' ? '{' : 't'}`),
    );
  }
});

test('what is below the level is neither told nor counted', () => {
  const { log, lines } = opened('json', 'warn');
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  log.error('e');
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['c', 'd', 'e']);
  const { told, dropped } = log.counts();
  expect([...told]).toEqual([
    ['debug', 0],
    ['info', 0],
    ['warn', 1],
    ['error', 2],
  ]);
  expect(dropped).toBe(7);
});

describe.each(['json', 'logfmt'] as const)('%s: hostile text', (format) => {
  const hostile = 'a\nlevel=error msg=forged\u001b[31m\u009b31m\u202e\u2028"\\';

  test('stays one line of printable characters', () => {
    const { log, lines } = opened(format);
    log.info(hostile, { target: hostile, findings: [hostile] });
    expect(lines.length).toBe(1);
    expect(lines[0]).toMatch(/^[ -~]*\n$/);
    expect(lines[0]?.match(/msg=forged/g)?.length).toBe(3);
  });

  test('is bounded', () => {
    const { log, lines } = opened(format);
    const long = 'é'.repeat(1_000_000);
    const many = Array.from({ length: 100_000 }, () => long);
    log.info(long, { ...Object.fromEntries(many.slice(0, 500).map((one, at) => [`key${at}`, one])), many });
    expect(lines.length).toBe(1);
    expect(lines[0]?.length).toBeLessThan(22 * 2100);
    log.info('list', { many: Array.from({ length: 100_000 }, () => 'x') });
    expect(lines[1]).toContain('and 99980 more');
  });

  test('of a key that nobody may read is left out', () => {
    const { log, lines } = opened(format);
    log.info('x', { password: 'canary', authorization: 'canary', token: 'canary', secret: 'canary', cookie: 'canary' });
    expect(lines[0]).not.toContain('canary');
    expect(lines[0]).toContain('password=[masked]'.slice(0, format === 'json' ? 8 : undefined));
  });
});

test.each([
  'GET https://user:canary@kms.example/v1 failed',
  'https://canary@kms.example/',
  'https://user:a/canary@kms.example/',
  'https://us er:canary@kms.example/',
  'proxy http://u:p:canary@10.0.0.1:3128',
  'user:canary@kms.example:443',
  '"user:canary@kms.example"',
  'kms.example/v1?key=canary',
  'https://kms.example/?canary',
  'https://kms.example/?a=1&b=canary#frag',
  'https://kms.example/#access_token=canary',
  'Authorization: Bearer canary1234',
  'authorization=canary',
  'sent Basic dXNlcjpjYW5hcnkxMjM0canary',
  'X-Api-Key: canary',
  '"password": "canary"',
  'client_secret=canary',
  'aws_secret: canary',
])('masks what %s gives away', (text) => {
  expect(maskedText(text)).not.toContain('canary');
});

test.each([
  'agent.yml:8: the environment has no variable TOKEN',
  'answered 503',
  '[2001:db8::1]:443: connection refused',
  'Could not compile regular expression (?i)^a: missing argument',
  'lookup kms.example: no such host',
  'dial tcp 127.0.0.1:9: connect: connection refused',
  'https://kms.example/v1/keys answered 404 at 12:30:59',
])('leaves %s as it is', (text) => {
  expect(maskedText(text)).toBe(text);
});

test('a megabyte that looks like a URL takes no time to speak of', () => {
  const { log, lines } = opened('json');
  for (const text of ['a:', '://', '?', 'a-', '://a', 'password', 'Bearer ']) log.info(text.repeat(200_000));
  expect(lines.length).toBe(7);
});

test('what comes often is told at its pace, and how much was not', () => {
  vi.useFakeTimers();
  const told: unknown[] = [];
  const tell = paced((message, attributes) => told.push([message, attributes]), 2, 60_000);
  for (let turns = 1; turns <= 5; turns++) tell('turns missed', { turns });
  expect(told).toEqual([
    ['turns missed', { turns: 1 }],
    ['turns missed', { turns: 2 }],
  ]);
  vi.advanceTimersByTime(60_000);
  expect(told.slice(2)).toEqual([['turns missed', { kept_back: 3, seconds: 60 }]]);
  tell('turns missed', { turns: 6 });
  vi.advanceTimersByTime(60_000);
  expect(told.slice(3)).toEqual([['turns missed', { turns: 6 }]]);
  vi.useRealTimers();
});
