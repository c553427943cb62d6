// Owns services that answer with text made to harm whoever prints it. Each one really sends it: as certificate, header, body or DNS name.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Answer } from 'dns-packet';
import forge from 'node-forge';
import { utf8 } from '../../src/demo/pki/der.ts';
import { healthyScript } from '../../src/demo/script.ts';
import { startWorld } from '../../src/demo/world.ts';
import { reply, soa, startServer } from '../../src/net/dns/test/servers.ts';
import { altNames, mint, universal } from '../../src/x509/test/mint.ts';

/** Stands in every hostile text, so that a test can see that it arrived. */
export const MARK = 'gpj-4f1d';
const MARKUP = `<script>alert(1)</script><img src=x onerror=alert(2)>|\`$(id)\` [${MARK}](javascript:1)`;
const HIDDEN = '\u202e\u2066\u200b\ufeff';
export const CONTROLS = '\u001b[2J\u001b]0;owned\u0007\u0000\r\n\u009b31m';

export interface Attacker extends AsyncDisposable {
  /** Arguments that ride to it. */
  readonly args: readonly string[];
}

export interface Attack {
  readonly about: string;
  start(): Promise<Attacker>;
}

/** Headers and body of every host of a world; control characters cannot stand in a header of HTTP, all else can. */
const headers: Attack = {
  about: 'response headers and bodies',
  async start() {
    const text = `${MARK} ${MARKUP}${HIDDEN}\u009b31m`;
    const names = [
      'x-served-by',
      'server',
      'via',
      'server-timing',
      'www-authenticate',
      'ratelimit-policy',
      'set-cookie',
    ];
    const hosts = healthyScript.zones.map(({ hosts: all }) =>
      all.map((host) => ({ ...host, headers: names.map((name) => [name, text] as const), body: `${CONTROLS}${text}` })),
    );
    const zones = healthyScript.zones.map((zone, index) => ({
      ...zone,
      alpn: ['http/1.1' as const],
      hosts: hosts[index] ?? [],
    }));
    const world = await startWorld({ ...healthyScript, zones });
    const { address, port } = world.resolver;
    return {
      args: [`kms.example:${world.port}`, '--resolver', `${address}#${port}`],
      [Symbol.asyncDispose]: () => world.close(),
    };
  },
};

/** A certificate whose names, issuer and alternative names are hostile; its chain is trusted by nobody. */
const certificate: Attack = {
  about: 'a certificate',
  async start() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const part = (text: string) => [
      ['2.5.4.3', utf8(text)] as const,
      ['2.5.4.10', universal(forge.asn1.Type.BMPSTRING, '\x20\x2e\x00\x1b')] as const,
    ];
    const der = mint({
      publicKey,
      signedBy: privateKey,
      algorithm: 'ecdsa-sha256',
      subject: part(`${CONTROLS}${HIDDEN}${MARKUP}`),
      issuer: part(`issuer ${CONTROLS}${MARKUP}`),
      notBefore: '200101000000Z',
      notAfter: '491231235959Z',
      extensions: [altNames([`a\u0000b.${MARK}.example`, `\u001b[2J${MARK}`])],
    });
    const pem = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
    const server = createServer(
      { key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert: pem },
      (_, answer) => {
        answer.end('ok');
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return {
      args: [`https://localhost:${port}/`, '--connect', '127.0.0.1'],
      [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
    };
  },
};

/** Names in DNS may hold any byte: the name servers of the zone are hostile. (An alias to such a name is refused: it is no host.) */
const names: Attack = {
  about: 'names in DNS',
  async start() {
    const server = await startServer((asked) => {
      const { name, type } = asked;
      if (type === 'SOA') return reply(asked, { answers: [soa('kms.example')] });
      if (type === 'NS') {
        const hostile = [`\u001b[2J\u0007${MARK}.example`, `<script>alert(1)</script>\u202e${MARK}.example`];
        return reply(asked, { answers: hostile.map((data): Answer => ({ type: 'NS', name, ttl: 60, data })) });
      }
      return type === 'A' ? reply(asked, { answers: [{ type: 'A', name, ttl: 60, data: '127.0.0.1' }] }) : reply(asked);
    });
    const { address, port } = server.server;
    return {
      args: ['kms.example:1', '--resolver', `${address}#${port}`, '--timeout', '1s'],
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

export const attacks: readonly Attack[] = [headers, certificate, names];
