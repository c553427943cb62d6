// What nginx, HAProxy and openssl s_server offer in TLS, as the survey tells it, against openssl s_client in the same run.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TlsEvidence } from '../../probes/tls/evidence.ts';
import type { Posture, PostureEndpoint } from '../../probes/tls/evidence-posture.ts';
import type { Journey } from '../../src/model/journey.ts';
import { sClient } from './rig/peers.ts';
import { createPki, type Pki } from './rig/pki.ts';
import { freePort } from './rig/ports.ts';
import { ride } from './rig/probe.ts';
import { evidenceOf } from './rig/reading.ts';
import { HERE, openRig, outputOf, type Rig, run } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';
import { type Listen, startHaproxy, startNginx } from './rig/web.ts';

const ADDRESS = '127.0.60.80';
const OTHER = '127.0.60.81';

/** Of openssl s_client, with the names that the survey gives. */
const FLAGS = [
  ['-tls1', 'TLSv1'],
  ['-tls1_1', 'TLSv1.1'],
  ['-tls1_2', 'TLSv1.2'],
  ['-tls1_3', 'TLSv1.3'],
] as const;
const GROUPS = ['x25519', 'x448', 'secp256r1', 'secp384r1', 'secp521r1', 'ffdhe2048', 'ffdhe3072', 'ffdhe4096'];
/** s_client and s_server call two of them by older names. */
const opensslGroup = (name: string): string =>
  ({ secp256r1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' })[name] ?? name;

interface Case {
  readonly name: string;
  /** Of s_server, beside the certificate. */
  readonly flags: readonly string[];
  /** Findings of the tls probe, severity and id. */
  readonly found: readonly string[];
  readonly key?: 'ec' | 'rsa';
}

const PQ = 'notice no-post-quantum';
const ANY = 'ALL:@SECLEVEL=0';
const cases: readonly Case[] = [
  { name: 'as OpenSSL comes', flags: [], found: [PQ] },
  { name: 'with all protocols', flags: ['-cipher', 'DEFAULT:@SECLEVEL=0'], found: ['warning old-protocol', PQ] },
  {
    name: 'with TLS 1.0 alone',
    flags: ['-tls1', '-cipher', 'DEFAULT:@SECLEVEL=0'],
    found: ['critical old-protocol', 'notice no-tls13'],
  },
  {
    name: 'with TLS 1.1 alone',
    flags: ['-tls1_1', '-cipher', 'DEFAULT:@SECLEVEL=0'],
    found: ['critical old-protocol', 'notice no-tls13'],
  },
  {
    name: 'with TLS 1.2 alone',
    flags: ['-tls1_2', '-serverpref', '-cipher', 'ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA:ECDHE-RSA-AES128-SHA'],
    found: ['notice no-tls13'],
    key: 'rsa',
  },
  {
    name: 'with TLS 1.3 alone',
    flags: [
      '-tls1_3',
      '-ciphersuites',
      'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256',
      '-groups',
      'P-384:X25519',
    ],
    found: [PQ],
  },
  {
    name: 'without forward secrecy',
    flags: ['-tls1_2', '-cipher', 'AES128-SHA:AES256-SHA'],
    found: ['notice no-tls13', 'warning no-forward-secrecy'],
    key: 'rsa',
  },
  {
    name: 'without encryption',
    flags: ['-no_tls1', '-no_tls1_1', '-cipher', 'eNULL:aNULL:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0'],
    // OpenSSL takes 1024 bits where no key says how long the prime should be.
    found: ['critical weak-cipher', 'warning weak-group', PQ],
  },
  {
    name: 'with a list that is too long',
    flags: ['-no_tls1', '-no_tls1_1', '-cipher', 'ALL:!aNULL:!eNULL:@SECLEVEL=0'],
    found: [PQ],
    key: 'rsa',
  },
];

describe.skipIf(!requireTools(['openssl', 'nginx', 'haproxy', 'env']))('what is offered', () => {
  let rig: Rig;
  let pki: Pki;
  let standard: ReadonlyMap<string, string>;
  beforeAll(async () => {
    rig = await openRig();
    pki = await createPki(rig);
    const { lower, upper, root } = pki;
    await rig.write('chain.pem', lower.certificatePem + upper.certificatePem + root.certificatePem);
    await rig.write('issuers.pem', lower.certificatePem + upper.certificatePem);
    for (const key of ['ec', 'rsa'] as const) {
      const leaf = await pki.leaf(`leaf-${key}`, { key });
      await rig.write(`whole-${key}.pem`, leaf.certificatePem + lower.certificatePem + upper.certificatePem);
      await rig.write(
        `joined-${key}.pem`,
        leaf.certificatePem + lower.certificatePem + upper.certificatePem + leaf.keyPem,
      );
    }
    await rig.write('empty.cnf', '');
    await outputOf(['openssl', 'dhparam', '-out', join(rig.folder, 'short.pem'), '1024']);
    const listed = await outputOf(['openssl', 'ciphers', '-stdname', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0']);
    standard = new Map([...listed.matchAll(/^(TLS_\S+)\s+- (\S+)/gm)].map(([, name = '', own = '']) => [own, name]));
  });
  afterAll(() => rig.close());

  async function startServer(
    name: string,
    flags: readonly string[],
    key: 'ec' | 'rsa',
    address = ADDRESS,
  ): Promise<Listen> {
    const listen = { address, port: await freePort([address]) };
    const files = ['-cert', join(rig.folder, `whole-${key}.pem`), '-cert_chain', join(rig.folder, 'issuers.pem')];
    const keyFile = ['-key', join(rig.folder, `leaf-${key}.key`)];
    // Its own configuration, so that Debian's least protocol does not decide.
    const argv = ['env', `OPENSSL_CONF=${join(rig.folder, 'empty.cnf')}`, 'openssl', 's_server', '-quiet', '-www'];
    const answers = ['bash', '-c', `exec 3<>/dev/tcp/${address}/${listen.port}`];
    const at = ['-accept', `${address}:${listen.port}`];
    await rig.start({ name, place: HERE, argv: [...argv, ...at, ...files, ...keyFile, ...flags], answers });
    return listen;
  }

  async function survey(
    ...listens: readonly Listen[]
  ): Promise<{ readonly posture: Posture; readonly journey: Journey }> {
    const connect = listens.flatMap(({ address, port }) => ['--connect', `${address}:${port}`]);
    const only = ['--only', 'tls', '-n', '8', '--http', '1.1', '--ca-file', pki.rootFile];
    const { journey } = await ride(['https://kms.test', ...connect, ...only]);
    const { posture } = evidenceOf<TlsEvidence>(journey, 'tls');
    if (posture === undefined) throw new Error('the journey has no survey');
    return { posture, journey };
  }

  async function surveyOne(
    listen: Listen,
  ): Promise<{ readonly one: PostureEndpoint; readonly found: readonly string[] }> {
    const { posture, journey } = await survey(listen);
    const [one] = posture.byEndpoint;
    if (one === undefined) throw new Error('nothing was asked');
    return { one, found: foundIn(journey) };
  }

  const foundIn = ({ findings }: Journey): readonly string[] =>
    findings
      .filter(({ probe }) => probe === 'tls')
      .map(({ severity, id }) => `${severity} ${id}`)
      .toSorted();

  /** The cipher that a handshake ends with, by its name at IANA; null when it fails. */
  async function shake(listen: Listen, flags: readonly string[]): Promise<string | null> {
    const { protocol, cipher } = await sClient(listen, 'kms.test', pki.rootFile, flags);
    return protocol === '' || cipher === '(NONE)' ? null : (standard.get(cipher) ?? cipher);
  }

  async function inTurn<T, R>(all: readonly T[], ask: (one: T) => Promise<R>): Promise<readonly R[]> {
    const answers: R[] = [];
    for (const one of all) answers.push(await ask(one));
    return answers;
  }

  /** What s_client gets through with, one by one. */
  async function ciphersOf(listen: Listen, flag: string, among: readonly string[]): Promise<readonly string[]> {
    const own = [...standard].filter(([, name]) => among.includes(name) && !/^TLS_(AES|CHACHA)/.test(name));
    const taken = await inTurn(own, ([cipher]) => shake(listen, [flag, '-cipher', `${cipher}:@SECLEVEL=0`]));
    return taken.filter((name) => name !== null).toSorted();
  }

  it.each(cases)('by openssl s_server $name', async ({ flags, found, key = 'ec' }) => {
    const listen = await startServer(
      `server-${flags
        .join('')
        .replaceAll(/[^a-z0-9]/gi, '')
        .slice(0, 30)}${key}`,
      flags,
      key,
    );
    const { one, found: said } = await surveyOne(listen);
    expect(said).toEqual([...found].toSorted());
    const offered = await inTurn(FLAGS, ([flag]) => shake(listen, [flag, '-cipher', ANY]));
    const expected = FLAGS.filter((_, at) => offered[at] !== null).map(([, name]) => name);
    expect(one.protocols.filter((row) => row.offered === true).map(({ protocol }) => protocol)).toEqual(
      expected.toReversed(),
    );
    for (const { protocol, names, complete } of one.thorough?.ciphers ?? []) {
      const flag = FLAGS.find(([, name]) => name === protocol)?.[0] ?? '';
      if (protocol === 'TLSv1.3') {
        const taken = await inTurn(names, (name) => shake(listen, [flag, '-ciphersuites', name]));
        expect(taken).toEqual(names);
        continue;
      }
      // All that s_client knows: nothing that the survey did not tell may get through.
      const all = [...standard.values()].filter((name) => !/PSK|SRP|_DHE_DSS|GOST/.test(name));
      const taken = await ciphersOf(listen, flag, complete ? all : names);
      expect(names.toSorted()).toEqual(taken);
    }
    const { groups } = one.thorough ?? {};
    if (groups != null) {
      const taken = await inTurn(GROUPS, (group) => shake(listen, ['-tls1_3', '-groups', opensslGroup(group)]));
      expect(groups.names.toSorted()).toEqual(GROUPS.filter((_, at) => taken[at] !== null).toSorted());
    }
  });

  it('in the order of the server, and of the client', async () => {
    const list = 'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256';
    const own = list.split(':').map((name) => standard.get(name));
    const [server, client] = await Promise.all([
      startServer('order-server', ['-tls1_2', '-serverpref', '-cipher', list], 'rsa'),
      startServer('order-client', ['-tls1_2', '-cipher', list], 'rsa', OTHER),
    ]);
    const { one } = await surveyOne(server);
    expect(one.thorough?.ciphers[0]).toMatchObject({ names: own, order: 'server' });
    expect((await surveyOne(client)).one.thorough?.ciphers[0]).toMatchObject({ order: 'client' });
  });

  it('with a short prime', async () => {
    const flags = [
      '-tls1_2',
      '-cipher',
      'DHE-RSA-AES128-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0',
      '-dhparam',
      join(rig.folder, 'short.pem'),
    ];
    const listen = await startServer('short', flags, 'rsa');
    const { one, found } = await surveyOne(listen);
    const to = ['-connect', `${listen.address}:${listen.port}`, '-cipher', 'DHE:@SECLEVEL=0'];
    const { stdout } = await run(['openssl', 's_client', ...to], 'Q\n');
    expect(`DH, ${one.thorough?.dhBits} bits`).toBe(/Server Temp Key: (.*)/.exec(stdout)?.[1]);
    expect(found).toContain('warning weak-group');
  });

  it('names the authorities whose client certificates are wanted', async () => {
    const flags = ['-verify', '3', '-CAfile', join(rig.folder, 'chain.pem')];
    const { one, found } = await surveyOne(await startServer('mutual', flags, 'ec'));
    expect(one.traits?.clientAuthorities).toHaveLength(3);
    expect(found).toContain('notice client-certificate-wanted');
  });

  it('by nginx with an old protocol at one address only, and RSA and EC keys side by side', async () => {
    const port = await freePort([ADDRESS, OTHER]);
    const pair = ['ec', 'rsa'].map(
      (key) =>
        `ssl_certificate ${join(rig.folder, `whole-${key}.pem`)}; ssl_certificate_key ${join(rig.folder, `leaf-${key}.key`)};`,
    );
    const server = (address: string, protocols: string): string =>
      `server { listen ${address}:${port} ssl; server_name kms.test; ssl_protocols ${protocols}; ssl_ciphers DEFAULT:@SECLEVEL=0; ${pair.join(' ')} return 200; }`;
    const sound = 'TLSv1.2 TLSv1.3';
    const servers = [server(ADDRESS, sound), server(OTHER, `TLSv1 ${sound}`)].join('\n');
    await startNginx(rig, HERE, 'posture-nginx', { address: ADDRESS, port }, servers);
    const { posture, journey } = await survey({ address: ADDRESS, port }, { address: OTHER, port });
    const worse = journey.findings.filter(({ severity }) => severity !== 'notice');
    expect(worse.map(({ id, endpoint }) => `${id} ${endpoint ?? ''}`).toSorted()).toEqual([
      `old-protocol ${OTHER}:${port}`,
      `posture-differs ${OTHER}:${port}`,
    ]);
    const [first] = posture.byEndpoint;
    expect(first?.thorough?.keyTypes.map(({ served }) => served)).toEqual([true, true]);
    const leaves = await inTurn(['RSA', 'ECDSA'], async (kind) => {
      const flags = ['-tls1_2', '-cipher', `ECDHE-${kind}-AES128-GCM-SHA256`];
      return (await sClient({ address: ADDRESS, port }, 'kms.test', pki.rootFile, flags)).chainSent[0];
    });
    expect(first?.thorough?.keyTypes.map(({ certificate }) => certificate)).toEqual(leaves);
  });

  it('by HAProxy, with its names of ALPN', async () => {
    const listen = { address: ADDRESS, port: await freePort([ADDRESS]) };
    const bind = `bind ${ADDRESS}:${listen.port} ssl crt ${join(rig.folder, 'joined-ec.pem')} ssl-min-ver TLSv1.2 alpn http/1.1`;
    await startHaproxy(
      rig,
      HERE,
      'posture-haproxy',
      listen,
      `frontend f\n  mode http\n  ${bind}\n  http-request return status 200\n`,
    );
    const { one, found } = await surveyOne(listen);
    expect(found).toEqual([PQ]);
    expect(one.thorough?.alpn).toEqual([
      { name: 'h2', accepted: false },
      { name: 'http/1.1', accepted: true },
    ]);
  });
});
