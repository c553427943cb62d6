// Owns the test that samples are signed over what arrives: a server of each version computes the signature again, from AWS's description.
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../model/secret.ts';
import { outcomeOf, sampleOf } from '../../sample/test/riding.ts';
import { listen, serverIdentity } from '../../sample/test/servers.ts';
import { openAuthorization } from '../open-authorization.ts';

const KEY = 'canary-of-the-key';
const authorization = await openAuthorization(
  {
    ...{ scheme: 'sigv4', region: 'eu-west-1', service: 'execute-api', sessionToken: new Secret('token', 'session') },
    accessKeyId: new Secret('id', 'AKIDEXAMPLE'),
    secretAccessKey: new Secret('key', KEY),
  },
  { call: () => Promise.reject(new Error('nothing is to be fetched')), wallMs: () => 0 },
);

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const hmac = (key: Uint8Array | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();
/** Path segments are encoded once more than they are on the wire (everywhere but at S3). */
const again = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

function signatureOf({ method, url = '', headers }: IncomingMessage, body: Uint8Array): string {
  const { authorization: shown = '' } = headers;
  const names = /SignedHeaders=([^,]+)/.exec(shown)?.[1]?.split(';') ?? [];
  const [path = '', query = ''] = url.split('?');
  const fields = names.map(
    (name) => `${name}:${String(name === 'host' ? (headers.host ?? headers[':authority']) : headers[name])}`,
  );
  const canonical = [
    method,
    again(path),
    query.split('&').toSorted().join('&'),
    ...fields,
    '',
    names.join(';'),
    sha256(body),
  ];
  const time = String(headers['x-amz-date']);
  const scope = `${time.slice(0, 8)}/eu-west-1/execute-api/aws4_request`;
  const key = scope.split('/').reduce<Uint8Array | string>((at, part) => hmac(at, part), `AWS4${KEY}`);
  return hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical.join('\n'))}`).toString('hex');
}

const checking = () =>
  listen(
    createSecureServer({ ...serverIdentity, allowHTTP1: true }, ((
      request: IncomingMessage,
      response: ServerResponse,
    ) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const body = Buffer.concat(parts);
        const { authorization: shown = '', 'x-amz-security-token': token } = request.headers;
        const holds = shown.endsWith(`Signature=${signatureOf(request, body)}`) && token === 'session';
        response.writeHead(holds ? 200 : 403).end(`${shown} ${body.toString()}`);
      });
    }) as never),
  );

describe.each(['1.1', '2'] as const)('over HTTP/%s', (http) => {
  test.each([
    ['a plain one', {}, '/v1/keys'],
    ['a query out of order, and a path in codes', {}, '/a%20b/%C3%A9?z=1&a=2'],
    ['one with a body', { method: 'POST', body: Buffer.from('{"n":1}') }, '/v1/keys'],
    ['a type of content', { headers: [['Content-Type', 'application/json'] as const] }, '/'],
  ])('%s is signed as it arrives', async (_what, request, path) => {
    await using server = await checking();
    const { trace } = await sampleOf(server, { http, path, request: { ...request, authorization } });
    expect(outcomeOf(trace)).toBe('200');
    expect(JSON.stringify(trace)).toContain('[secret signature]');
  });

  test('one whose end is held back is signed with the body it has', async () => {
    await using server = await checking();
    const { signal } = new AbortController();
    const { trace } = await sampleOf(
      server,
      { http, request: { method: 'POST', authorization } },
      signal,
      Promise.resolve(),
    );
    expect(outcomeOf(trace)).toBe('200');
  });
});
