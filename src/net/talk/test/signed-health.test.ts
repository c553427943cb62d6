// Holds that a health check is signed as it arrives: its own path, and the message in its body.
import { createSecureServer } from 'node:http2';
import { expect, test } from 'vitest';
import { Secret } from '../../../model/secret.ts';
import { endpointId, parseTarget } from '../../../model/target.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import { openAuthorization } from '../../auth/open-authorization.ts';
import { now } from '../../clock.ts';
import { createMeter } from '../../meter.ts';
import { listen, rootPem, serverIdentity } from '../../sample/test/servers.ts';
import { HEALTH_PATH, healthRequest } from '../health-message.ts';
import { openTalk } from '../talk.ts';

const HOST = 'sampled.example' as DnsName;

test('a health check is signed over its own path and message', async () => {
  const authorization = await openAuthorization(
    {
      ...{ scheme: 'sigv4', region: 'eu-west-1', service: 'execute-api', sessionToken: null },
      ...{ accessKeyId: new Secret('id', 'AKIDEXAMPLE'), secretAccessKey: new Secret('key', 'canary') },
    } as never,
    { call: () => Promise.reject(new Error('nothing is to be fetched')), wallMs: () => 0 },
  );
  let holds = false;
  await using server = await listen(
    createSecureServer(serverIdentity, (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const body = Buffer.concat(parts);
        const shown = String(request.headers['authorization']);
        const names = /SignedHeaders=([^,]+)/.exec(shown)?.[1]?.split(';') ?? [];
        const headers = names
          .filter((name) => !name.startsWith('x-amz-'))
          .map(
            (name) => [name, String(name === 'host' ? request.headers[':authority'] : request.headers[name])] as const,
          );
        const time = String(request.headers['x-amz-date']);
        const atMs = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
        const again = authorization.fields({ method: 'POST', path: request.url, headers, body, atMs });
        holds = again.some(([name, value]) => name.toLowerCase() === 'authorization' && value.open() === shown);
        expect(request.url).toBe(HEALTH_PATH);
        expect(body).toEqual(healthRequest('keys'));
        response.writeHead(200, { 'content-type': 'application/grpc', 'grpc-status': '0' }).end();
      });
    }) as never,
  );
  const target = parseTarget(`https://${HOST}:${server.port}/`);
  const address = server.address as IpAddress;
  const opened = openTalk({
    ...{ target, servername: HOST, identity: null, http: 'negotiated', families: [4, 6], meter: createMeter() },
    ...{ trust: { caPem: [rootPem], insecure: false }, timeoutMs: 5_000, userAgent: 'talk-test', authorization },
    ...{ originMs: now(), startedAtMs: Date.now(), headerBytes: 32_768 },
    dns: { lookup: () => Promise.reject(new Error('nothing is to be looked up')) },
  });
  try {
    const endpoint = {
      ...{ id: endpointId(address, server.port), address, port: server.port, family: 4 as const },
      ...{ zone: null, zoneSource: null, ttlSeconds: null },
    };
    const request = {
      ...{ url: target.url, headers: [], endpoint, credentials: true as const, reach: 'any' as const },
      talk: { kind: 'grpc-health' as const, service: 'keys' },
    };
    await opened.talk(request, new AbortController().signal);
    expect(holds).toBe(true);
  } finally {
    await opened.close();
  }
});
