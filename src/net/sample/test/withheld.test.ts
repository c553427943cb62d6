// What a caller gives (headers, a body) goes to verified servers only, unless --insecure says otherwise; the plain request goes to any.
import { expect, test } from 'vitest';
import { Secret } from '../../../model/secret.ts';
import { parseTarget } from '../../../model/target.ts';
import { openAuthorization } from '../../auth/open-authorization.ts';
import { allClosed, type Change, expectSoundTrace, optionsFor, outcomeOf, sampleOf } from './riding.ts';
import { startTls, strangerIdentity } from './servers.ts';

const TOKEN = 'canary-withheld-7c';
const headers = [['authorization', new Secret('header authorization', TOKEN)]] as const;
const stranger = { caPem: [strangerIdentity.ca], insecure: false };
const authorization = await openAuthorization(
  { scheme: 'bearer', token: new Secret('token', TOKEN) },
  { call: () => Promise.reject(new Error('nothing is to be fetched')), wallMs: () => 0 },
);
const known = optionsFor({ address: '127.0.0.61', port: 1 }).trust;
const otherName = (port: number) => parseTarget(`https://other.example:${port}/`);

interface Case {
  readonly about: string;
  readonly change: Change;
  readonly named?: boolean;
  readonly outcome: string;
}

const cases: readonly Case[] = [
  { about: 'a header to a verified server', change: { trust: known, request: { headers } }, outcome: '200' },
  { about: 'a header to a stranger', change: { trust: stranger, request: { headers } }, outcome: 'withheld@send' },
  { about: 'credentials to a verified server', change: { trust: known, request: { authorization } }, outcome: '200' },
  {
    about: 'credentials to a stranger',
    change: { trust: stranger, request: { authorization } },
    outcome: 'withheld@send',
  },
  {
    about: 'a body to a stranger',
    change: { trust: stranger, request: { method: 'POST', body: Buffer.from(TOKEN) } },
    outcome: 'withheld@send',
  },
  {
    about: 'a header to a server of another name',
    change: { trust: known, request: { headers } },
    named: true,
    outcome: 'withheld@send',
  },
  { about: 'nothing of the caller to a stranger', change: { trust: stranger }, outcome: '200' },
  { about: 'nothing of the caller to another name', change: { trust: known }, named: true, outcome: '200' },
  {
    about: 'a header to a stranger, insecurely',
    change: { trust: { ...stranger, insecure: true }, request: { headers } },
    outcome: '200',
  },
];

test.each(cases)('$about: $outcome', async ({ change, named, outcome }) => {
  let received = '';
  await using server = await startTls((socket) => {
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1');
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    });
  });
  const target = named === true ? { target: otherName(server.port) } : {};
  const { trace } = await sampleOf(server, { ...change, ...target });
  expect(outcomeOf(trace)).toBe(outcome);
  expectSoundTrace(trace);
  // The certificates are there all the same: they are what the reader has to see.
  expect(trace.tls?.chainSent).toHaveLength(2);
  const carried = change.request !== undefined && outcome === '200';
  expect(received.includes(TOKEN)).toBe(carried);
  if (outcome !== '200') expect(received).toBe('');
  expect(JSON.stringify(trace)).not.toContain(TOKEN);
  await allClosed(server);
});
