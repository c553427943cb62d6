// STARTTLS against servers in this process that speak each protocol as its document says, and against those that do not.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Starttls } from '../../../model/target.ts';
import { visible } from '../../../model/text.ts';
import { StepFailure } from '../../sample/step.ts';
import { startTls } from '../start-tls.ts';

/** What a server says: at once, then after each message of the client that matches. */
type Script = readonly [greeting: string | Buffer, ...turns: (readonly [heard: RegExp, said: string | Buffer])[]];

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
/** HandshakeV10 with the lower capability bits given. */
const mysqlGreeting = (capabilities: number): Buffer => {
  const payload = Buffer.concat([
    Buffer.from([10]),
    Buffer.from('10.11.6-MariaDB\0'),
    Buffer.alloc(4, 1),
    Buffer.alloc(8, 2),
    Buffer.from([0, capabilities & 0xff, capabilities >> 8]),
    Buffer.alloc(20),
  ]);
  return Buffer.concat([Buffer.from([payload.byteLength, 0, 0, 0]), payload]);
};
const features = (inside: string): string =>
  `<?xml version='1.0'?><stream:stream id='1' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><stream:features>${inside}</stream:features>`;
const offer = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>";

const willing: readonly (readonly [Starttls, Script, asked: string])[] = [
  [
    'smtp',
    ['220-a\r\n220 b\r\n', [/EHLO \[127/, '250-b\r\n250-STARTTLS\r\n250 8BITMIME\r\n'], [/STARTTLS/, '220 go\r\n']],
    'STARTTLS',
  ],
  ['lmtp', ['220 b\r\n', [/LHLO/, '250-b\r\n250 STARTTLS\r\n'], [/STARTTLS/, '220 go\r\n']], 'LHLO'],
  [
    'imap',
    ['* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n', [/a1 STARTTLS/, '* CAPABILITY x\r\na1 OK go\r\n']],
    'a1 STARTTLS',
  ],
  ['pop3', ['+OK hi\r\n', [/STLS/, '+OK go\r\n']], 'STLS'],
  ['ftp', ['220-welcome\r\n  to us\r\n220 ok\r\n', [/AUTH TLS/, '234 go\r\n']], 'AUTH TLS'],
  ['nntp', ['201 hi\r\n', [/STARTTLS/, '382 go\r\n']], 'STARTTLS'],
  ['sieve', ['"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\nOK\r\n', [/STARTTLS/, 'OK "go"\r\n']], 'STARTTLS'],
  ['ldap', ['', [/1\.3\.6\.1\.4\.1\.1466\.20037/, bytes('30 0c 02 01 01 78 07 0a 01 00 04 00 04 00')]], '20037'],
  ['ldap', ['', [/20037/, bytes('30 84 00 00 00 0c 02 01 01 78 07 0a 01 00 04 00 04 00')]], '20037'],
  ['postgres', ['', [/\x04\xd2\x16\x2f/, 'S']], '/'],
  ['mysql', [mysqlGreeting(0xffff), [/[^]{36}/, '']], ''],
  [
    'xmpp',
    [
      '',
      [/<stream:stream to='kms\.example'[^]*jabber:client/, features(offer)],
      [/<starttls/, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"],
    ],
    '<starttls',
  ],
  [
    'xmpp',
    [
      '',
      [/<stream:stream/, features(offer)],
      [/<starttls/, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>"],
    ],
    '<starttls',
  ],
  [
    'xmpp-server',
    ['', [/jabber:server/, features(offer)], [/<starttls/, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"]],
    'jabber:server',
  ],
];

const unwilling: readonly (readonly [string, Starttls, Script, code: string, detail: RegExp])[] = [
  ['not offered', 'smtp', ['220 b\r\n', [/EHLO/, '250 8BITMIME\r\n']], 'starttls-refused', /not offered/],
  ['turned away at the door', 'smtp', ['554 no\r\n'], 'starttls-refused', /554 no/],
  [
    'offered and refused',
    'smtp',
    ['220 b\r\n', [/EHLO/, '250 STARTTLS\r\n'], [/STARTTLS/, '454 later\r\n']],
    'starttls-refused',
    /454/,
  ],
  ['an IMAP server on an SMTP port', 'smtp', ['* OK hi\r\n'], 'starttls-malformed', /OK hi/],
  [
    'bytes behind the word to start',
    'smtp',
    ['220 b\r\n', [/EHLO/, '250 STARTTLS\r\n'], [/STARTTLS/, '220 go\r\n250 OK injected\r\n']],
    'starttls-malformed',
    /injected/,
  ],
  ['a greeting without end', 'smtp', ['220-a\r\n'.repeat(300)], 'starttls-malformed', /220-a/],
  ['a line without end', 'imap', ['*'.repeat(70_000)], 'starttls-malformed', /^$/],
  ['refused', 'imap', ['* OK hi\r\n', [/STARTTLS/, 'a1 NO no\r\n']], 'starttls-refused', /a1 NO/],
  ['closed at once', 'pop3', [Buffer.alloc(0), [/never/, '']], 'closed', /^$/],
  ['refused', 'pop3', ['+OK\r\n', [/STLS/, '-ERR no\r\n']], 'starttls-refused', /ERR/],
  ['refused', 'ftp', ['220 x\r\n', [/AUTH/, '534 no\r\n']], 'starttls-refused', /534/],
  ['refused', 'nntp', ['200 x\r\n', [/STARTTLS/, '580 no\r\n']], 'starttls-refused', /580/],
  ['refused', 'sieve', ['OK\r\n', [/STARTTLS/, 'NO "no"\r\n']], 'starttls-refused', /NO/],
  [
    'result code 2',
    'ldap',
    ['', [/20037/, bytes('30 0c 02 01 01 78 07 0a 01 02 04 00 04 00')]],
    'starttls-refused',
    /code 2/,
  ],
  ['no LDAP', 'ldap', ['220 smtp\r\n'], 'starttls-malformed', /no LDAP/],
  ['a length of 4 GB', 'ldap', ['', [/20037/, bytes('30 84 ff ff ff ff')]], 'starttls-malformed', /length/],
  ['off', 'postgres', ['', [/\x16/, 'N']], 'starttls-refused', /off/],
  ['an error', 'postgres', ['', [/\x16/, 'E\0\0\0\x10']], 'starttls-malformed', /error/],
  ['off', 'mysql', [mysqlGreeting(0xf7ff)], 'starttls-refused', /off/],
  ['host is blocked', 'mysql', [bytes('06 00 00 00 ff 69 04 61 62 63')], 'starttls-refused', /abc/],
  ['not offered', 'xmpp', ['', [/<stream/, features('<mechanisms/>')]], 'starttls-refused', /not offered/],
  [
    'refused',
    'xmpp',
    ['', [/<stream/, features(offer)], [/<starttls/, "<failure xmlns='x'/>"]],
    'starttls-refused',
    /failure/,
  ],
];

/** Plays the script to one client, then goes on listening; with `never` as the only turn it hangs up. */
async function played<T>(
  [greeting, ...turns]: Script,
  use: (socket: Socket, heard: () => string) => Promise<T>,
): Promise<T> {
  let heard = '';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (turns[0]?.[0].source === 'never') socket.end();
    else socket.write(greeting);
    let left = turns;
    let since = '';
    socket.on('data', (data) => {
      heard += data.toString('latin1');
      since += data.toString('latin1');
      const [turn] = left;
      if (turn === undefined || !turn[0].test(since)) return;
      left = left.slice(1);
      since = '';
      socket.write(turn[1]);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  try {
    return await use(socket, () => heard);
  } finally {
    socket.destroy();
    server.close();
  }
}

const options = (protocol: Starttls, timeoutMs = 10_000) => ({
  ...{ protocol, timeoutMs, host: 'kms.example' },
  signal: new AbortController().signal,
});

describe('startTls', () => {
  test.each(willing)('%s', async (protocol, script, asked) => {
    await played(script, async (socket, heard) => {
      await startTls(socket, options(protocol));
      expect(heard()).toContain(asked);
      expect(socket.isPaused()).toBe(true);
      expect(socket.listenerCount('data')).toBe(0);
    });
  });

  test.each(unwilling)('%s (%s)', async (_, protocol, script, code, detail) => {
    await played(script, async (socket) => {
      const failure = await startTls(socket, options(protocol)).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StepFailure);
      const { problem } = failure as StepFailure;
      expect(problem).toMatchObject({ code, step: 'tls', fault: 'target' });
      expect(visible(problem.detail ?? '')).toMatch(detail);
    });
  });

  test('a silent server ends in the time allowed', async () => {
    await played(['', [/nothing/, '']], async (socket) => {
      await expect(startTls(socket, options('imap', 50))).rejects.toMatchObject({
        problem: { code: 'tls-timeout', detail: 'it did not come as far as STARTTLS in imap' },
      });
    });
  });
});
