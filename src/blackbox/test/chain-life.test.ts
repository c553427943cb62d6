// Holds what a probe says of the life of a chain to chains whose end is known: also of those that are refused, by every prober that speaks TLS.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempDisposableSync } from 'node:fs';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, createServer, TLSSocket } from 'node:tls';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { Certificate } from '../../demo/pki/certificate.ts';
import { fingerprintOf } from '../../net/sample/chain-walk.ts';
import { commonName, isCa, mint } from '../../x509/test/mint.ts';
import { CHAIN_HELP, lifeOf, tellChainLife } from '../chain-life.ts';
import { expose, Gauges } from '../gauges.ts';
import { answerProbe } from '../handler.ts';
import { failureIn, listening, probed, roomOf, valueOf } from './asking.ts';
import { certificate, type Identity, identity, NOT_AFTER, NOW_MS, party, ROOT_PEM, unixDay } from './certified.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const [root, other, ca, me] = [party('Root'), party('Other'), party('Issuing CA'), party('here.example')];
const rootCert = certificate(root, root, [-100, 1000]);
const shortRoot = certificate(root, root, [-100, 5]);
const otherCert = certificate(other, other, [-100, 1000]);
const caCert = certificate(ca, root, [-90, 300]);
const leafOf = (from: number, until: number): Certificate => certificate(me, ca, [from, until], false);
const leaf = leafOf(-10, 60);
const weakKeys = generateKeyPairSync('rsa', { modulusLength: 1024 });
const weak = certificate({ ...weakKeys, commonName: 'here.example' }, ca, [-10, 60], false);

const sentOf = (ders: readonly Uint8Array[]) => ({
  fingerprints: ders.map(fingerprintOf),
  certificates: new Map(ders.map((der) => [fingerprintOf(der), der])),
  opened: new Map(),
});

interface Row {
  readonly sent: readonly Certificate[];
  readonly roots?: readonly Certificate[];
  readonly name?: string;
  /** Days: end of the leaf, of the first that was served, of the path that holds, of the last that did and what ends it. */
  readonly says: readonly [leaf: number, served: number, path: number | null, breaks: string | null];
  readonly faults?: readonly string[];
}

const ROWS: Readonly<Record<string, Row>> = {
  'all is well': { sent: [leaf, caCert], says: [60, 60, 60, '60 leaf'] },
  'an intermediate ends before the leaf': {
    sent: [leaf, certificate(ca, root, [-90, 20])],
    says: [60, 20, 20, '20 intermediate'],
  },
  'the root ends before both': { sent: [leaf, caCert], roots: [shortRoot], says: [60, 60, 5, '5 root'] },
  'a cross-signed intermediate has ended, which no path needs (#340, #637)': {
    sent: [leaf, caCert, certificate(root, other, [-100, -3])],
    roots: [rootCert, otherCert],
    says: [60, -3, 60, '60 leaf'],
  },
  'two paths hold: the longer one counts': {
    sent: [leaf, certificate(ca, root, [-90, 20]), certificate(ca, other, [-90, 40])],
    roots: [rootCert, otherCert],
    says: [60, 20, 40, '40 intermediate'],
  },
  'the leaf has ended (#1119)': {
    sent: [leafOf(-10, -2), caCert],
    says: [-2, -2, null, '-2 leaf'],
    faults: ['expired'],
  },
  'the intermediate has ended, and then the leaf': {
    sent: [leafOf(-10, -2), certificate(ca, root, [-90, -4])],
    says: [-2, -4, null, '-4 intermediate'],
    faults: ['expired'],
  },
  'both ways have ended: the day is that of the last': {
    sent: [leaf, certificate(ca, root, [-90, -9]), certificate(ca, other, [-90, -4])],
    roots: [rootCert, otherCert],
    says: [60, -9, null, '-4 intermediate'],
    faults: ['expired'],
  },
  'nobody trusts the root': {
    sent: [leaf, caCert],
    roots: [otherCert],
    says: [60, 60, null, null],
    faults: ['missing-issuer'],
  },
  'the intermediate was not sent': { sent: [leaf], says: [60, 60, null, null], faults: ['missing-issuer'] },
  'its key is weak, which some clients take': {
    sent: [weak, caCert],
    says: [60, 60, null, '60 leaf'],
    faults: ['weak-key'],
  },
  'its key is weak, and nobody trusts the root': {
    sent: [weak, caCert],
    roots: [otherCert],
    says: [60, 60, null, null],
    faults: ['weak-key', 'missing-issuer'],
  },
  'the leaf has not begun': { sent: [leafOf(2, 60), caCert], says: [60, 60, null, null], faults: ['not-yet-valid'] },
  'it is for another name': {
    sent: [leaf, caCert],
    name: 'there.example',
    says: [60, 60, null, null],
    faults: ['name-mismatch'],
  },
  'any name will do': { sent: [leaf, caCert], name: '', says: [60, 60, 60, '60 leaf'] },
  'it is trusted itself': { sent: [leaf], roots: [leaf], says: [60, 60, 60, '60 leaf'] },
};

describe('the life of a chain of which', () => {
  test.each(Object.entries(ROWS))('%s', (_, { sent, roots = [rootCert], name = 'here.example', says, faults = [] }) => {
    const list = roots.map(({ der }) => der);
    const chain = { sent: sentOf(sent.map(({ der }) => der)), servername: name, roots: () => list };
    // Twice: what is kept says the same.
    for (const life of [lifeOf(chain, NOW_MS), lifeOf(chain, NOW_MS)]) {
      const day = (seconds: number | null | undefined): number | null =>
        seconds == null ? null : Math.round((seconds - unixDay(0)) / 86_400);
      const breaks = life?.breaks == null ? null : `${day(life.breaks.at)} ${life.breaks.labels['position']}`;
      expect([day(life?.leafUntil), day(life?.servedUntil), day(life?.pathUntil), breaks]).toEqual(says);
      expect(life?.faults).toEqual(faults);
    }
  });

  test('time passes is judged again', () => {
    const list = [rootCert.der];
    const chain = { sent: sentOf([leaf.der, caCert.der]), servername: 'here.example', roots: () => list };
    const at = (days: number) => lifeOf(chain, unixDay(days) * 1000);
    expect([-11, 0, 60, 61, 0].map((days) => at(days)?.faults)).toEqual([['not-yet-valid'], [], [], ['expired'], []]);
    expect(at(61)).toMatchObject({ pathUntil: null, breaks: { at: unixDay(60) } });
  });

  test('a stranger wrote the names is cut and escaped', () => {
    const evil = `"} 1\nprobe_success 1 \u202e\u0000${'x'.repeat(5000)}`;
    const der = mint({
      publicKey: me.publicKey,
      signedBy: me.privateKey,
      algorithm: 'ecdsa-sha256',
      subject: commonName(evil),
      issuer: commonName(evil),
      notBefore: '250101000000Z',
      notAfter: '490101000000Z',
      extensions: [isCa(false)],
      serial: Buffer.alloc(4000, 0x41),
    });
    const roots = [der];
    const life = lifeOf({ sent: sentOf([der]), servername: '', roots: () => roots }, NOW_MS);
    const gauges = new Gauges();
    if (life !== null) tellChainLife(gauges, life);
    const line = expose(gauges, 'text')
      .split('\n')
      .find((one) => one.startsWith('probe_ssl_breaks_info{'));
    expect(line).toMatch(/^[\x20-\x7e…]{100,1200}$/);
    expect(expose(gauges, 'text')).not.toMatch(/^probe_success/m);
  });

  test('any bytes were changed: nothing throws, and no number is made up', () => {
    const list = [rootCert.der];
    const change = fc.record({ which: fc.nat(1), at: fc.nat(2000), to: fc.nat(255), cut: fc.boolean() });
    fc.assert(
      fc.property(change, ({ which, at, to, cut }) => {
        const ders = [leaf, caCert].map(({ der }, index) => {
          if (index !== which) return der;
          const bytes = Buffer.from(der);
          bytes[at % bytes.length] = to;
          return cut ? bytes.subarray(0, at % bytes.length) : bytes;
        });
        const life = lifeOf({ sent: sentOf(ders), servername: 'here.example', roots: () => list }, NOW_MS);
        const ends = [life?.leafFrom, life?.leafUntil, life?.servedUntil, life?.pathUntil, life?.breaks?.at];
        expect(ends.every((end) => end == null || Number.isSafeInteger(end))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('bytes are no certificate says only what it can', () => {
    const roots = [rootCert.der];
    const chain = { sent: sentOf([Buffer.from('3003020101', 'hex')]), servername: 'x', roots: () => roots };
    const life = lifeOf(chain, NOW_MS);
    expect(life).toMatchObject({ leafFrom: null, leafUntil: null, servedUntil: null, pathUntil: null, breaks: null });
    expect(life?.faults).toContain('malformed');
    expect(lifeOf({ ...chain, sent: sentOf([]) }, NOW_MS)).toBeNull();
  });
});

/** Shows its certificate, and ends when it is asked for something. @param hello said in the clear before TLS begins */
async function shows(given: Identity, hello = '', more: object = {}): Promise<Server> {
  const options = { ...given, ALPNProtocols: ['h2', 'http/1.1'], ...more };
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    socket.on('error', () => undefined);
    sockets.add(socket);
  };
  const server =
    hello === ''
      ? createServer(options)
      : createTcpServer((socket) => {
          keep(socket);
          socket.write(hello);
          socket.once('data', () => {
            socket.write('220 go\r\n');
            keep(new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(given) }));
          });
        });
  server.on('secureConnection', (socket: Socket) => {
    keep(socket);
    socket.once('data', () => socket.destroy());
  });
  closing.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return server;
}

const OLD = [
  'probe_ssl_earliest_cert_expiry',
  'probe_ssl_last_chain_expiry_timestamp_seconds',
  'probe_ssl_last_chain_info',
];
const STEPS = 'query_response: [{expect: "^220", send: STARTTLS}, {expect: "^220", starttls: true}]';

describe.each<[prober: string, module: string, target: string, hello?: string]>([
  ['http', 'prober: http, timeout: 10s, http: {CERTS}', 'https://here.example:PORT'],
  ['tcp', 'prober: tcp, timeout: 10s, tcp: {tls: true, CERTS}', 'here.example:PORT'],
  ['tcp after starttls', `prober: tcp, timeout: 10s, tcp: {${STEPS}, CERTS}`, 'here.example:PORT', '220 hello\r\n'],
  ['grpc', 'prober: grpc, timeout: 10s, grpc: {tls: true, CERTS}', 'here.example:PORT'],
  ['websocket', 'prober: websocket, timeout: 10s, websocket: {http_config: {CERTS}}', 'wss://here.example:PORT'],
  [
    'dns over tls',
    'prober: dns, timeout: 10s, dns: {query_name: x.example, transport_protocol: tcp, dns_over_tls: true, CERTS}',
    'here.example:PORT',
  ],
])('%s', (_, module, target, hello = '') => {
  const page = async (given: Identity, tls: string): Promise<string> => {
    const port = await listening(await shows(given, hello));
    const room = roomOf(`modules: {m: {${module.replace('CERTS', `tls_config: {${tls}}`)}}}`, {
      ...{ rootsPem: ROOT_PEM, wallClockMs: () => NOW_MS },
    });
    return await probed(room, 'm', target.replace('PORT', String(port)));
  };

  test('tells of a certificate that has expired, and fails as before', async () => {
    const said = await page(identity(['here.example'], -2), '');
    expect([valueOf(said, 'probe_success'), failureIn(said)]).toEqual([0, 'tls certificate target']);
    for (const family of OLD) expect(valueOf(said, family)).toBeNull();
    expect(said).not.toMatch(/^probe_ssl_last_chain_info/m);
    expect(valueOf(said, 'probe_ssl_leaf_not_after_timestamp_seconds')).toBe(unixDay(-2));
    expect(valueOf(said, 'probe_ssl_served_not_after_timestamp_seconds')).toBe(unixDay(-2));
    expect(valueOf(said, 'probe_ssl_breaks_timestamp_seconds')).toBe(unixDay(-2));
    expect(valueOf(said, 'probe_ssl_chain_not_after_timestamp_seconds')).toBeNull();
    expect(valueOf(said, 'probe_ssl_chain_fault_info{fault="expired"}')).toBe(1);
    expect(said).toMatch(
      /^probe_ssl_breaks_info\{fingerprint_sha256="[0-9a-f]{64}",issuer="CN=Blackbox Issuing CA,O=Example KMS",position="leaf",serialnumber="[0-9a-f]{32}",subject="CN=here.example,O=Example KMS"\} 1$/m,
    );
    expect(said).not.toContain('-6.2135');
  });

  test('tells of one that it was told not to verify', async () => {
    const said = await page(identity(['here.example'], -2), 'insecure_skip_verify: true');
    expect(failureIn(said)).not.toBe('tls certificate target');
    expect(valueOf(said, 'probe_ssl_breaks_timestamp_seconds')).toBe(unixDay(-2));
    expect(valueOf(said, 'probe_ssl_chain_fault_info{fault="expired"}')).toBe(1);
  });

  test('tells of one that holds', async () => {
    const said = await page(identity(), '');
    const wanted = ['leaf', 'served', 'chain'].map((what) => `probe_ssl_${what}_not_after_timestamp_seconds`);
    expect([...wanted, 'probe_ssl_breaks_timestamp_seconds'].map((family) => valueOf(said, family))).toEqual(
      Array(4).fill(NOT_AFTER),
    );
    expect(said).not.toContain('probe_ssl_chain_fault_info');
  });
});

test.each([
  ['with an expired one that no path needs', [certificate(root, other, [-100, -3])], 20],
  ['with a second path that lives longer', [certificate(ca, other, [-90, 40])], 40],
])('the exporter’s own family tells the path that holds, as Go does: a chain %s', async (_, extra, days) => {
  const sent = [leaf, certificate(ca, root, [-90, 20]), ...extra];
  const key = me.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const port = await listening(await shows({ cert: sent.map(({ pem }) => pem).join(''), key }));
  const roots = [rootCert.pem, otherCert.pem].join('');
  const room = roomOf('modules: {m: {prober: tcp, timeout: 10s, tcp: {tls: true}}}', {
    ...{ rootsPem: roots, wallClockMs: () => NOW_MS },
  });
  const said = await probed(room, 'm', `here.example:${port}`);
  expect(valueOf(said, 'probe_ssl_last_chain_expiry_timestamp_seconds')).toBe(unixDay(days));
  expect(valueOf(said, 'probe_ssl_breaks_timestamp_seconds')).toBe(unixDay(days));
});

test('unix: tells of a certificate that has expired', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'life-'));
  const path = join(folder.path, 's');
  const server = await shows(identity(['here.example'], -2));
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  const config =
    'modules: {m: {prober: unix, timeout: 10s, unix: {tls: true, tls_config: {server_name: here.example}}}}';
  const said = await probed(roomOf(config, { rootsPem: ROOT_PEM, wallClockMs: () => NOW_MS }), 'm', path);
  expect(valueOf(said, 'probe_success')).toBe(0);
  expect(valueOf(said, 'probe_ssl_breaks_timestamp_seconds')).toBe(unixDay(-2));
});

test.each(['TLSv1.2', 'TLSv1.3'])(
  'a server that wants a certificate of ours has shown its own: %s',
  async (maxVersion) => {
    const server = await shows(identity(), '', {
      requestCert: true,
      rejectUnauthorized: true,
      maxVersion,
      ca: ROOT_PEM,
    });
    const config = 'modules: {m: {prober: http, timeout: 10s, http: {enable_http2: false}}}';
    const target = `https://here.example:${await listening(server)}`;
    const said = await probed(roomOf(config, { rootsPem: ROOT_PEM, wallClockMs: () => NOW_MS }), 'm', target);
    expect(valueOf(said, 'probe_success')).toBe(0);
    expect(valueOf(said, 'probe_ssl_leaf_not_after_timestamp_seconds')).toBe(NOT_AFTER);
  },
);

test('one of two addresses that was left out of a renewal is told apart, though the probe fails by it', async () => {
  const renewed = await shows(identity());
  const port = await listening(renewed);
  const forgotten = await shows(identity(['here.example'], -2));
  await new Promise<void>((resolve) => {
    forgotten.listen(port, '127.0.0.2', resolve);
  });
  const room = roomOf('modules: {m: {prober: tcp, timeout: 10s, tcp: {tls: true}}}', {
    ...{ rootsPem: ROOT_PEM, wallClockMs: () => NOW_MS, resolve: () => Promise.resolve(['127.0.0.1', '127.0.0.2']) },
  });
  const query = new URLSearchParams({ module: 'm', target: `here.example:${port}`, addresses: 'all' });
  const { body } = await answerProbe({ query, scrapeTimeout: undefined, exposition: 'text' }, room);
  for (const family of ['earliest_cert_expiry', 'breaks'])
    for (const [address, end] of [['127.0.0.1', NOT_AFTER] as const, ['127.0.0.2', unixDay(-2)] as const])
      expect(valueOf(body, `probe_address_${family}_timestamp_seconds{address="${address}"}`)).toBe(end);
  // The worst of them.
  expect(valueOf(body, 'probe_ssl_breaks_timestamp_seconds')).toBe(unixDay(-2));
});

test('each family says which end it tells', () => {
  const helps = Object.values(CHAIN_HELP);
  expect(new Set(helps).size).toBe(helps.length);
});
