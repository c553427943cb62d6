// A list of servers that are closed, silent, slow, chatty or too large, beside one that is well: nothing hangs, each has its line.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertsReport } from '../../src/model/certs.ts';
import { type CertificateSpec, type Minted, mintAll } from './rig/mint.ts';
import { freePort, portOf } from './rig/ports.ts';
import { probe } from './rig/probe.ts';
import { HERE, openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const ADDRESS = '127.0.64.1';
const TIMEOUT_MS = 1500;

/** What each does to a connection. */
const SERVERS: Readonly<Record<string, (socket: Socket) => void>> = {
  silent: () => undefined,
  'hangs-up': (socket) => socket.end(),
  resets: (socket) => socket.resetAndDestroy(),
  'plain-http': (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\nplain HTTP\r\n')),
  'greets-first': (socket) => socket.write('220 mail.test ESMTP\r\n'),
  // A ServerHello of 16,380 bytes, one byte now and then, keeps a connection alive for ever, and finishes nothing.
  drips: (socket) => {
    socket.write(Buffer.from([0x16, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc, 3, 3]));
    const timer = setInterval(() => socket.write('\u0000'), 100);
    socket.once('close', () => clearInterval(timer));
  },
  noise: (socket) => socket.write(Buffer.alloc(1_000_000, 0x5a)),
  // A record of the largest length, and then nothing of it: RFC 8446 5.1.
  'half-record': (socket) => socket.write(Buffer.from([0x16, 3, 3, 0x40, 0])),
};

const CA = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign', 'subjectKeyIdentifier=hash'];
const ca = (name: string): CertificateSpec => ({
  ...{ key: 'ec:root', subject: `/CN=${name}`, issuer: null, life: [-30, 3000], extensions: CA },
});
const leaf = (names: readonly string[], more: readonly string[] = []): CertificateSpec => ({
  ...{ key: 'ec:leaf', subject: '/CN=hostile', issuer: 'root', life: [-10, 80] },
  extensions: ['basicConstraints=CA:FALSE', `subjectAltName=${names.join()}`, 'authorityKeyIdentifier=keyid', ...more],
});
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `DNS:n${at}.hostile.test`);
const address = `IP:${ADDRESS}`;
/** An extension of this many bytes, that nobody has to understand. */
const padding = (bytes: number): string => `1.3.6.1.4.1.99999.2=DER:04820000${'00'.repeat(bytes)}`;

const CERTIFICATES: Readonly<Record<string, CertificateSpec>> = {
  root: ca('root'),
  well: leaf([address]),
  'names-1000': leaf([address, ...names(1000)]),
  'names-10000': leaf([address, ...names(10_000)]),
  bulky: ca('bulky'),
  fat: leaf([address], [padding(30_000)]),
};

/** Chains as sent by openssl s_server. */
const CHAINS: Readonly<Record<string, readonly string[]>> = {
  well: ['well'],
  'names-1000': ['names-1000'],
  'names-10000': ['names-10000'],
  'chain-of-100': ['well', ...Array.from({ length: 100 }, () => 'bulky')],
  'chain-of-90-KiB': ['well', 'fat', 'fat', 'fat'],
  'chain-of-120-KiB': ['well', 'fat', 'fat', 'fat', 'fat'],
};

describe.skipIf(!requireTools(['openssl', 'setpriv']))('a list of hostile servers', () => {
  let rig: Rig;
  const ports = new Map<string, number>();
  const target = (name: string): string => `${ADDRESS}:${ports.get(name)}`;
  let report: CertsReport;
  let code: number | null;
  let text: string;
  let elapsedMs: number;

  beforeAll(async () => {
    rig = await openRig();
    for (const [name, act] of Object.entries(SERVERS)) ports.set(name, await serve(act));
    ports.set('closed', await freePort([ADDRESS]));
    const minted = await mintAll(rig, CERTIFICATES);
    for (const [name, chain] of Object.entries(CHAINS)) ports.set(name, await serveChain(name, chain, minted));
    const list = await rig.write('list.txt', [...ports.keys()].map((name) => `${target(name)} # ${name}\n`).join(''));
    const roots = await rig.write('roots.pem', minted['root']?.pem ?? '');
    const swept = ['certs', '--list', list, '--ca-file', roots, '--timeout', `${TIMEOUT_MS}ms`];
    const began = performance.now();
    const json = await probe([...swept, '--format', 'json']);
    elapsedMs = performance.now() - began;
    report = JSON.parse(json.stdout) as CertsReport;
    code = json.code;
    text = (await probe(swept)).stdout;
  });
  afterAll(() => rig.close());

  async function serve(act: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      act(socket);
    });
    server.listen(0, ADDRESS);
    await once(server, 'listening');
    rig.defer(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    });
    return portOf(server);
  }

  async function serveChain(
    name: string,
    chain: readonly string[],
    minted: Readonly<Record<string, Minted>>,
  ): Promise<number> {
    const port = await freePort([ADDRESS]);
    const [first, ...others] = chain.map((one) => minted[one]);
    const cert = await rig.write(`${name}.leaf`, first?.pem ?? '');
    const key = await rig.write(`${name}.key`, first?.keyPem ?? '');
    const rest = await rig.write(`${name}.rest`, others.map((one) => one?.pem ?? '').join(''));
    const files = ['-cert', cert, '-key', key, ...(others.length === 0 ? [] : ['-cert_chain', rest])];
    const argv = ['openssl', 's_server', '-accept', `${ADDRESS}:${port}`, '-www', '-quiet', ...files];
    const answers = ['bash', '-c', `exec 3<>/dev/tcp/${ADDRESS}/${port}`];
    await rig.start({ name: `s_server ${name}`, place: HERE, argv, answers });
    return port;
  }

  const placeOf = (name: string) =>
    report.places.find((place) => place.kind === 'endpoint' && place.target === target(name));
  const codeOf = (name: string): string | null => {
    const place = placeOf(name);
    return place?.kind === 'endpoint' ? (place.problem?.code ?? null) : null;
  };

  it('takes no longer than its timeouts, and looks at every target', () => {
    // Connecting and the handshake have a bound each, and all are looked at at once; the rest is for a busy machine.
    expect(elapsedMs).toBeLessThan(2 * TIMEOUT_MS + 15_000);
    expect(report.complete).toBe(true);
    expect(report.places).toHaveLength(ports.size);
  });

  it.each([
    ['closed', 'refused'],
    ['silent', 'tls-timeout'],
    ['drips', 'tls-timeout'],
    ['half-record', 'tls-timeout'],
    ['hangs-up', 'closed'],
    ['resets', 'reset'],
    ['plain-http', 'not-tls'],
    ['greets-first', 'not-tls'],
    ['noise', 'not-tls'],
  ])('calls %s %s, in one line', (name, problem) => {
    expect(codeOf(name)).toBe(problem);
    expect(text.split('\n').filter((line) => line.includes(`${target(name)}:`))).toHaveLength(1);
  });

  it.each(['well', 'names-1000'])('says nothing of %s', (name) => {
    expect(placeOf(name)).toMatchObject({ state: 'read', problem: null, trusted: true });
    expect(
      report.problems.filter((problem) => problem.target === target(name) && problem.severity !== 'notice'),
    ).toEqual([]);
  });

  // OpenSSL's bound on the list of certificates: 100 KiB, SSL_CTX_set_max_cert_list(3).
  it.each(['names-10000', 'chain-of-120-KiB'])('says why it did not see %s', (name) => {
    expect(placeOf(name)).toMatchObject({ state: 'failed', problem: { code: 'tls-protocol' } });
    expect(text.split('\n').find((line) => line.includes(`${target(name)}:`))).toContain('excessive message size');
  });

  it.each(['chain-of-100', 'chain-of-90-KiB'])('keeps a bounded part of %s, and says that it is too much', (name) => {
    const place = placeOf(name);
    expect(place).toMatchObject({ state: 'read', trusted: true });
    expect(place?.chain.length).toBeLessThanOrEqual(16);
    expect(report.problems.filter((problem) => problem.target === target(name)).map(({ id }) => id)).toContain(
      'chain-extra-certificate',
    );
  });

  it('does not call it well', () => {
    expect(report.verdict).toBe('unknown');
    expect(code).toBe(3);
  });
});
