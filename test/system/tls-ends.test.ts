// Where TLS ends, by session tickets and certificates, against openssl s_client in the same run.
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whereTlsEnds } from '../../probes/tls/ends/where.ts';
import type { TlsEvidence } from '../../probes/tls/evidence.ts';
import type { Look, LookKind } from '../../probes/tls/evidence-ends.ts';
import { type Minted, mintAll } from './rig/mint.ts';
import { freePort } from './rig/ports.ts';
import { probe, type Ridden, ride } from './rig/probe.ts';
import { evidenceOf } from './rig/reading.ts';
import { HERE, openRig, type Rig, run } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';
import { at, type Listen, startHaproxy, startNginx } from './rig/web.ts';

const NAME = 'kms.ends.test';
const HOSTS = { a: 11, b: 12, passA: 21, passBoth: 22, terminator: 23 } as const;
type Host = keyof typeof HOSTS;

describe.skipIf(!requireTools(['nginx', 'haproxy', 'openssl', 'bash']))('where TLS ends', () => {
  let rig: Rig;
  let port = 0;
  let minted: Readonly<Record<string, Minted>> = {};
  const listen = (host: Host): Listen => ({ address: `127.0.64.${HOSTS[host]}`, port });

  beforeAll(async () => {
    rig = await openRig();
    port = await freePort(Object.values(HOSTS).map((host) => `127.0.64.${host}`));
    minted = await mintAll(rig, certificates());
    for (const { name, pem, keyPem } of Object.values(minted)) {
      await rig.write(`${name}.pem`, pem + (minted['issuing']?.pem ?? ''));
      await rig.write(`${name}.key`, keyPem);
      await rig.write(`${name}.all`, pem + (minted['issuing']?.pem ?? '') + keyPem);
    }
    for (const host of ['a', 'b'] as const) {
      await startNginx(rig, HERE, host, listen(host), nginxServers(rig.folder, listen(host)), 2);
    }
    await startHaproxy(rig, HERE, 'haproxy', listen('terminator'), haproxySections(rig.folder, listen));
  }, 60_000);
  afterAll(() => rig.close());

  const rideTo = (hosts: readonly Host[], ...more: readonly string[]): Promise<Ridden> => {
    const connect = hosts.flatMap((host) => ['--connect', at(listen(host))]);
    const root = ['--ca-file', `${rig.folder}/root.pem`];
    return ride([`https://${NAME}:${port}`, '-n', '4', '--only', 'tls', ...connect, ...root, ...more]);
  };

  /** A session of TLS 1.2, where the ticket comes within the handshake, kept in a file; the name of its key. */
  async function witnessed(host: Host, file: string): Promise<string> {
    await sClient(host, ['-sess_out', `${rig.folder}/${file}`]);
    const { stdout } = await run(['openssl', 'sess_id', '-in', `${rig.folder}/${file}`, '-noout', '-text']);
    const [, line = ''] = /TLS session ticket:\s+0000 - ((?:[0-9a-f]{2}[ -]){16})/.exec(stdout) ?? [];
    return line.replaceAll(/[ -]/g, '');
  }

  async function sClient(host: Host, more: readonly string[]): Promise<string> {
    const argv = ['openssl', 's_client', '-connect', at(listen(host)), '-servername', NAME, '-tls1_2', ...more];
    const { stdout } = await run(['bash', '-c', '"$@" </dev/null', 'bash', ...argv]);
    return stdout;
  }

  const isReused = async (host: Host, file: string): Promise<boolean> =>
    /^Reused, /m.test(await sClient(host, ['-sess_in', `${rig.folder}/${file}`]));

  it('two addresses that lead to one nginx share its session key, as openssl sees it', async () => {
    const names = [await witnessed('a', 'a.session'), await witnessed('passA', 'passA.session')];
    expect(names[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(names[1]).toBe(names[0]);
    expect(await isReused('passA', 'a.session')).toBe(true);
    const ends = endsIn(await rideTo(['a', 'passA']));
    expect(whereTlsEnds(ends).at).toBe('shared');
    expect([...new Set(namesAt(ends, 0)), ...new Set(namesAt(ends, 1))]).toEqual(names);
    expect(lookOf(ends, 1, 'elsewhere')?.resumed).toBe(true);
  });

  it('two nginx of the same configuration and certificates have a key each, as openssl sees it', async () => {
    const names = [await witnessed('a', 'a.session'), await witnessed('b', 'b.session')];
    expect(names[1]).not.toBe(names[0]);
    expect(await isReused('b', 'a.session')).toBe(false);
    const ends = endsIn(await rideTo(['a', 'b']));
    expect(whereTlsEnds(ends).at).toBe('own');
    expect([namesAt(ends, 0)[0], namesAt(ends, 1)[0]]).toEqual(names);
    expect(lookOf(ends, 1, 'elsewhere')?.resumed).toBe(false);
    // Its two workers share the key.
    expect([0, 1].map((index) => lookOf(ends, index, 'again')?.resumed)).toEqual([true, true]);
  });

  it('an address that passes TCP on to both shows both keys', async () => {
    const names = new Set([await witnessed('a', 'a.session'), await witnessed('b', 'b.session')]);
    // Connections go round: a few handshakes may all meet the same one.
    for (let round = 0; ; round++) {
      const ends = endsIn(await rideTo(['passBoth']));
      for (const name of namesAt(ends, 0)) expect(names).toContain(name);
      if (whereTlsEnds(ends).at === 'hosts' || round === 5) {
        expect(new Set(namesAt(ends, 0))).toEqual(names);
        expect(whereTlsEnds(ends).says).toContain('at several hosts or processes');
        break;
      }
    }
  });

  it('HAProxy that ends TLS has a key of its own, unlike that of the nginx that it stands beside', async () => {
    const name = await witnessed('terminator', 'terminator.session');
    const ends = endsIn(await rideTo(['terminator', 'a']));
    expect(new Set(namesAt(ends, 0))).toEqual(new Set([name]));
    expect(whereTlsEnds(ends).at).toBe('own');
    const alone = await rideTo(['terminator']);
    expect(alone.journey.answers.find(({ question }) => question === 4)?.summary).toContain('is not visible');
  });

  it('the certificate of the other key type is judged, as openssl is shown it', async () => {
    const { journey } = await rideTo(['a']);
    const [record] = evidenceOf<TlsEvidence>(journey, 'tls').byEndpoint;
    const leaves = await Promise.all(
      ['aECDSA', 'aRSA'].map(async (kind) => {
        const [pem = ''] = /-----BEGIN CERTIFICATE-----[^-]+-----END/.exec(await sClient('a', ['-cipher', kind])) ?? [];
        return new X509Certificate(`${pem} CERTIFICATE-----`).fingerprint256.replaceAll(':', '').toLowerCase();
      }),
    );
    expect([record?.chainSent[0], record?.twin?.chainSent[0]]).toEqual(leaves);
    expect(record?.twin).toMatchObject({ trusted: true, hostnameMatches: true });
    const found = journey.findings.filter(({ id }) => id === 'certificate-expiry');
    expect(found.map(({ severity, evidence }) => [severity, evidence[0]])).toEqual([
      ['critical', `/evidence/tls/certificates/${leaves[1]}`],
    ]);
  });

  it('a sweep sees it with --both-keys, and without it only the one that is served first', async () => {
    const sweep = (...more: readonly string[]) =>
      probe(['certs', at(listen('a')), '--sni', NAME, '--insecure', '--ca-file', `${rig.folder}/root.pem`, ...more]);
    expect((await sweep()).stdout).not.toContain('RSA');
    const { stdout, code } = await sweep('--both-keys');
    expect({ code, first: stdout.split('\n')[0] }).toEqual({
      code: 2,
      first: expect.stringMatching(/^CRITICAL .*: The RSA certificate of \S+ expires in \d days, /) as unknown,
    });
  });

  it('the default certificate that has expired is a notice, where callers without the name get it', async () => {
    const { journey } = await rideTo(['a', 'terminator']);
    const found = journey.findings.filter(({ id }) => id === 'default-certificate-expired');
    expect(found.map(({ severity, endpoint }) => [severity, endpoint])).toEqual([['notice', at(listen('a'))]]);
    expect(evidenceOf<TlsEvidence>(journey, 'tls').certificates[minted['old']?.fingerprint ?? '']).toBeDefined();
  });

  it('a reload between two journeys is seen by another key', async () => {
    const before = await rideTo(['b', 'a']);
    const since = await rig.write('before.json', before.stdout);
    const old = await witnessed('b', 'b.session');
    process.kill(Number(await rig.read('b-pid')), 'SIGHUP');
    await expect.poll(() => witnessed('b', 'b.session'), { timeout: 10_000 }).not.toBe(old);
    const ends = endsIn(await rideTo(['b', 'a'], '--since', since));
    const [reloaded, kept] = ends.byEndpoint.map(({ earlier }, index) =>
      namesAt(ends, index).some((name) => earlier?.ticketKeyNames.includes(name)),
    );
    expect([reloaded, kept]).toEqual([false, true]);
  });
});

function endsIn({ journey }: Ridden) {
  const { ends } = evidenceOf<TlsEvidence>(journey, 'tls');
  if (ends === undefined) throw new Error('no handshakes beyond the ride');
  return ends;
}

type Ends = ReturnType<typeof endsIn>;

function namesAt({ byEndpoint }: Ends, index: number): readonly string[] {
  return byEndpoint[index]?.looks.flatMap((look) => look.ticketKeyNames) ?? [];
}

function lookOf({ byEndpoint }: Ends, index: number, kind: LookKind): Look | undefined {
  return byEndpoint[index]?.looks.find((look) => look.kind === kind);
}

function certificates(): Parameters<typeof mintAll>[1] {
  const ca = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
  const server = (name: string) => ['basicConstraints=CA:FALSE', `subjectAltName=DNS:${name}`];
  return {
    root: { key: 'ec:root', subject: '/CN=Ends Root', issuer: null, life: [-500, 3000], extensions: ca },
    issuing: { key: 'ec:issuing', subject: '/CN=Ends Issuing CA', issuer: 'root', life: [-400, 1500], extensions: ca },
    leaf: { key: 'ec:leaf', subject: `/CN=${NAME}`, issuer: 'issuing', life: [-20, 150], extensions: server(NAME) },
    forgotten: {
      key: 'rsa:leaf',
      subject: `/CN=${NAME}`,
      issuer: 'issuing',
      life: [-200, 3],
      extensions: server(NAME),
    },
    old: {
      key: 'ec:old',
      subject: '/CN=old.ends.test',
      issuer: 'issuing',
      life: [-300, -5],
      extensions: server('old.ends.test'),
    },
  };
}

function nginxServers(folder: string, listen: Listen): string {
  const pair = (name: string): string =>
    `ssl_certificate ${folder}/${name}.pem; ssl_certificate_key ${folder}/${name}.key;`;
  return `  ssl_protocols TLSv1.2 TLSv1.3;
  server { listen ${at(listen)} ssl default_server; server_name _; ${pair('old')} return 421; }
  server {
    listen ${at(listen)} ssl; server_name ${NAME};
    ${pair('leaf')}
    ${pair('forgotten')}
    return 200 "ok\\n";
  }`;
}

function haproxySections(folder: string, listen: (host: Host) => Listen): string {
  const pass = (host: Host, ...servers: readonly Host[]): string => `listen ${host}
  mode tcp
  balance roundrobin
  bind ${at(listen(host))}
  ${servers.map((server) => `server ${server} ${at(listen(server))}`).join('\n  ')}`;
  return `${pass('passA', 'a')}
${pass('passBoth', 'a', 'b')}
listen terminator
  mode http
  bind ${at(listen('terminator'))} ssl crt ${folder}/leaf.all
  http-request return status 200 content-type text/plain string "ok"`;
}
