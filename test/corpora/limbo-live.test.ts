// x509-limbo's chains on real servers: what a look writes down is what the server was given, byte for byte. Judges none of them.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { endpointId } from '../../src/model/target.ts';
import type { DnsName, IpAddress } from '../../src/model/text.ts';
import { createMeter } from '../../src/net/meter.ts';
import { fingerprintOf } from '../../src/net/sample/chain-walk.ts';
import { type Look, type Looked, openLook } from '../../src/net/tls/look.ts';
import { corpus } from './corpus.ts';

interface Case {
  readonly id: string;
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly peer_certificate_key: string | null;
}

/** No handshake ends with these keys: OpenSSL offers neither DSA nor the curve P-192. */
const UNSERVABLE: ReadonlySet<string> = new Set(['webpki::forbidden-p192-leaf', 'webpki::forbidden-dsa-leaf']);
/** The look keeps no more of a list than this. */
const KEPT = 20;

const { testcases } = corpus('limbo') as { readonly testcases: readonly Case[] };
const cases = testcases.filter((one) => one.peer_certificate_key !== null && !UNSERVABLE.has(one.id));
const derOf = (pem: string) => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
const sentBy = (one: Case): readonly string[] => [one.peer_certificate, ...one.untrusted_intermediates];

function serverOf(one: Case): Server {
  const server = createServer({
    cert: sentBy(one).join('\n'),
    key: one.peer_certificate_key ?? '',
    ciphers: 'DEFAULT:@SECLEVEL=0',
  });
  return server.on('tlsClientError', () => undefined).on('error', () => undefined);
}

async function looked(one: Case, look: Look): Promise<Looked> {
  const server = serverOf(one);
  const address = '127.0.0.1' as IpAddress;
  server.listen(0, address);
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const nowhere = { zone: null, zoneSource: null, ttlSeconds: null };
    const endpoint = { id: endpointId(address, port), address, port, family: 4 as const, ...nowhere };
    const where = { endpoint, servername: 'example.com' as DnsName, starttls: null, host: 'example.com' };
    return await look(where, new AbortController().signal);
  } finally {
    server.close();
  }
}

describe('x509-limbo served', () => {
  let look: Look;
  beforeAll(async () => {
    look = await openLook({ caPem: null, timeoutMs: 10_000, meter: createMeter() });
  });

  test('has at least 150 cases with a key', () => {
    expect(cases.length).toBeGreaterThanOrEqual(150);
  });

  test.each(cases.map((one) => [one.id, one] as const))('%s', async (_id, one) => {
    const { facts, certificates, problem } = await looked(one, look);
    expect(problem).toBeNull();
    const given = sentBy(one).map(derOf);
    expect(facts?.chainSent).toEqual(given.slice(0, KEPT).map(fingerprintOf));
    for (const der of given.slice(0, KEPT))
      expect(Buffer.from(certificates.get(fingerprintOf(der)) ?? [])).toEqual(der);
  });
});
