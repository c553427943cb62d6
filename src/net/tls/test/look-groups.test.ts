// A look offers its key share for one group: no server may be lost by that, whichever group it insists on.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { createAuthority } from '../../../demo/pki/authority.ts';
import { createChain } from '../../../demo/pki/chain.ts';
import { endpointId } from '../../../model/target.ts';
import type { DnsName, IpAddress } from '../../../model/text.ts';
import { createMeter } from '../../meter.ts';
import { openLook } from '../look.ts';

const nowMs = Date.now();
const trusted = createAuthority('Groups', nowMs);
const chain = await createChain({
  ...{ state: 'valid', key: 'ec', daysLeft: 60, name: 'kms.example', nowMs },
  ...{ trusted, stranger: trusted },
});

test.each([
  ['X25519', 'X25519'],
  ['X25519MLKEM768', 'X25519MLKEM768'],
  ['P-256', 'prime256v1'],
  ['P-384', 'secp384r1'],
  ['X448', 'X448'],
  ['ffdhe3072', null],
])('a server that speaks %s only', async (group, name) => {
  const server = createServer({ cert: chain.certificatesPem, key: chain.keyPem, ecdhCurve: group });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const address = '127.0.0.1' as IpAddress;
    const nowhere = { zone: null, zoneSource: null, ttlSeconds: null };
    const endpoint = { id: endpointId(address, port), address, port, family: 4 as const, ...nowhere };
    const caPem = [trusted.rootCertificate.pem];
    const look = await openLook({ caPem, timeoutMs: 5_000, meter: createMeter() });
    const where = { endpoint, servername: 'kms.example' as DnsName, starttls: null, host: 'kms.example' };
    const { facts, problem } = await look(where, new AbortController().signal);
    expect({ problem, verifyError: facts?.verifyError }).toEqual({ problem: null, verifyError: null });
    if (name !== null) expect(facts?.group).toBe(name);
  } finally {
    server.close();
  }
});
