// Owns the tests of AWS signatures: against the suite of test vectors that AWS published (Apache-2.0), and for what of a request they cover.
import { expect, test } from 'vitest';
import type { SignatureCredentials } from '../../../model/credentials.ts';
import { Secret } from '../../../model/secret.ts';
import { authorizationOf, signatureFields } from '../sigv4.ts';
import suite from './aws-sig-v4-test-suite.json' with { type: 'json' };

/** Of the suite. */
const credentials: SignatureCredentials = {
  ...{ scheme: 'sigv4', region: 'us-east-1', service: 'service', sessionToken: null },
  accessKeyId: new Secret('id', 'AKIDEXAMPLE'),
  secretAccessKey: new Secret('key', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'),
};
const atMs = Date.parse('2015-08-30T12:36:00Z');

test.each(suite)('$name', ({ method, path, headers, body, authorization }) => {
  const request = { method, path, headers: headers as [string, string][], atMs };
  expect(authorizationOf(credentials, { ...request, body: body === null ? null : Buffer.from(body) })).toBe(
    authorization,
  );
});

const request = {
  ...{ method: 'GET', path: '/a%20b?x=1', body: null, atMs },
  headers: [
    ['host', 'api.example'],
    ['user-agent', 'outrider'],
    ['accept', '*/*'],
    ['traceparent', '00-1-2-01'],
    ['X-Amzn-Trace-Id', 'Root=1'],
    ['Content-Type', 'application/json'],
    ['X-Amz-Target', 'Op'],
  ] as const,
};
const fields = (change: object = {}, of: Partial<SignatureCredentials> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(
    signatureFields({ ...credentials, ...of }, { ...request, ...change }).fields.map(([name, value]) => [
      name,
      value.open(),
    ]),
  );

test('what a proxy may change is not covered', () => {
  const { authorization = '' } = fields();
  expect(/SignedHeaders=([^,]+)/.exec(authorization)?.[1]).toBe(
    'content-type;host;x-amz-content-sha256;x-amz-date;x-amz-target',
  );
  expect(fields({ headers: [...request.headers, ['via', '1.1 edge']] })).toEqual(fields());
});

test.each([
  ['the time', { atMs: atMs + 1000 }],
  ['the method', { method: 'HEAD' }],
  ['the path', { path: '/a%20c?x=1' }],
  ['the query', { path: '/a%20b?x=2' }],
  ['the body', { body: Buffer.from('{}') }],
  ['the host', { headers: [['host', 'other.example']] }],
])('another signature for another one of: %s', (_what, change) => {
  expect(fields(change)['authorization']).not.toBe(fields()['authorization']);
});

test('a session token goes with it and is covered', () => {
  const own = fields({}, { sessionToken: new Secret('token', 'of-the-session') });
  expect(own).toMatchObject({ 'x-amz-security-token': 'of-the-session', 'x-amz-date': '20150830T123600Z' });
  expect(own['authorization']).toContain('x-amz-date;x-amz-security-token;x-amz-target');
});
