// badssl.com's chains on a server that chooses by name, as theirs does: what `probe certs` calls each of them. See README.md.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, createServer, type SecureContext, type Server } from 'node:tls';
import dnsPacket from 'dns-packet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CertsReport } from '../../src/model/certs.ts';
import { captureIo, runCli } from '../support/cli.ts';
import { corpus } from './corpus.ts';

const { root, chains } = corpus('badssl') as {
  readonly root: string;
  readonly chains: Readonly<Record<string, readonly string[]>>;
};
/** PKCS#8 of each chain's server key: throw-away keys, made with the chains. */
const keys = corpus('badssl-keys') as Readonly<Record<string, string>>;

const ADDRESS = '127.0.65.1';
const names = Object.keys(chains);
const hostOf = (chain: string): string => `${chain.replace(/^(subdomain|wildcard)-/, '')}.badssl.test`;
const pemOf = (kind: string, base64: string): string =>
  `-----BEGIN ${kind}-----\n${(base64.match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${kind}-----\n`;

/** OpenSSL judges by the machine's clock, which cannot be given here: behind this the chains have expired, and say no more. */
const END_MS = Date.parse('2028-08-01T00:00:00Z');
if (Date.now() > END_MS) console.warn("badssl.com's chains have expired: SKIPPED until they are made anew");

/** Findings worse than notices, and `unreachable` where the handshake failed. Nothing of the others: no list of logs, no revocation. */
const FOUND: Readonly<Record<string, readonly string[]>> = {
  'client-ca-root': ['chain-untrusted', 'hostname-mismatch'],
  'client-ca-untrusted-root': ['chain-untrusted', 'hostname-mismatch'],
  fallback: ['chain-incomplete', 'hostname-mismatch'],
  // Larger than OpenSSL takes (100 KiB), and a key too small for any signature that TLS 1.3 knows.
  'subdomain-10000-sans': ['unreachable'],
  'wildcard-rsa512': ['unreachable'],
  'subdomain-captive-portal': ['hostname-mismatch'],
  // Alone, and of a private root: a missing intermediate looks the same.
  'subdomain-dsdtestprovider': ['chain-incomplete'],
  'subdomain-edellroot': ['chain-incomplete'],
  'subdomain-mitm-software': ['chain-incomplete'],
  'subdomain-preact-cli': ['chain-incomplete'],
  'subdomain-superfish': ['chain-incomplete'],
  'subdomain-webpack-dev-server': ['chain-incomplete'],
  'subdomain-no-san': ['hostname-mismatch'],
  'subdomain-preloaded-expect-ct': ['hostname-mismatch'],
  'subdomain-reversed-chain': ['hostname-mismatch'],
  'wildcard-expired': ['certificate-expiry'],
  'wildcard-incomplete-chain': ['chain-incomplete'],
  'wildcard-md5': ['weak-signature'],
  'wildcard-rsa1024': ['weak-key'],
  'wildcard-self-signed': ['chain-untrusted'],
  'wildcard-sha1-2016': ['weak-signature'],
  'wildcard-sha1-2017': ['weak-signature'],
  'wildcard-sha1-intermediate': ['weak-signature'],
  'wildcard-untrusted-root': ['chain-untrusted'],
};

let server: Server;
let dns: Socket;
let folder: string;
let report: CertsReport;
let port: number;

function contextOf(chain: string): SecureContext {
  const cert = (chains[chain] ?? []).map((base64) => pemOf('CERTIFICATE', base64)).join('');
  return createSecureContext({ cert, key: pemOf('PRIVATE KEY', keys[chain] ?? ''), ciphers: 'DEFAULT:@SECLEVEL=0' });
}

function answerAll(socket: Socket): void {
  socket.on('message', (bytes, { port: from, address }) => {
    const { id, questions = [] } = dnsPacket.decode(bytes);
    const answers = questions
      .filter(({ type }) => type === 'A')
      .map(({ name }) => ({ type: 'A' as const, class: 'IN' as const, name, ttl: 60, data: ADDRESS }));
    const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE;
    socket.send(
      dnsPacket.encode({ type: 'response', ...(id === undefined ? {} : { id }), flags, questions, answers }),
      from,
      address,
    );
  });
}

describe.skipIf(Date.now() > END_MS)('probe certs says of badssl.com', () => {
  beforeAll(async () => {
    const contexts = new Map(names.map((chain) => [hostOf(chain), contextOf(chain)]));
    server = createServer({
      SNICallback: (name, callback) => callback(null, contexts.get(name)),
      ciphers: 'DEFAULT:@SECLEVEL=0',
    }).on('tlsClientError', () => undefined);
    server.listen(0, ADDRESS);
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    dns = createSocket('udp4');
    answerAll(dns);
    dns.bind(0, ADDRESS);
    await once(dns, 'listening');
    folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
    const rootFile = join(folder, 'root.pem');
    await writeFile(rootFile, pemOf('CERTIFICATE', root));
    const where = ['--resolver', `${ADDRESS}#${dns.address().port}`, '--ca-file', rootFile, '-4'];
    const targets = names.map((chain) => `${hostOf(chain)}:${port}`);
    // Five days after they were made: what has expired had by then, and renewal is not due.
    const io = captureIo({ wallClockMs: () => Date.parse('2026-11-25T00:00:00Z') });
    const { out } = await runCli(['certs', ...targets, ...where, '--format', 'json'], io);
    report = JSON.parse(out) as CertsReport;
  }, 60_000);
  afterAll(async () => {
    server.close();
    dns.close();
    await rm(folder, { recursive: true });
  });

  test.each(names)('%s', (chain) => {
    const problems = report.problems.filter(({ target }) => target === `${hostOf(chain)}:${port}`);
    const ids = problems.filter(({ severity }) => severity !== 'notice').map(({ id }) => id);
    expect([...new Set(ids)].toSorted()).toEqual(FOUND[chain] ?? []);
  });
});
