// A journey of several steps against a real application with a real PostgreSQL behind it, through an nginx that ends TLS: the database is
// stopped and started again, the journey shows degradation and recovery, and no way out shows a secret.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { StepsEvidence } from '../../probes/steps/evidence.ts';
import { createPki } from './rig/pki.ts';
import { freePort } from './rig/ports.ts';
import { openPostgres, POSTGRES_TOOLS, type Postgres } from './rig/postgres.ts';
import { probe, type Ridden, readJourney, ride } from './rig/probe.ts';
import { HERE, openRig, type Rig } from './rig/rig.ts';
import { requireRoot, requireTools } from './rig/tools.ts';
import { startNginx } from './rig/web.ts';

const [FRONT, APP, DATABASE] = ['127.0.69.10', '127.0.69.20', '127.0.69.30'];
const CANARY = 'canary-pass-"93e1"';
const APPLICATION = fileURLToPath(new URL('rig/keys-app.ts', import.meta.url));

const LOGIN = `
  - name: log in
    url: /login
    json: { password: '\${KMS_PASSWORD}' }
    capture: { token: { json: $.token } }
    assert: [{ status: 200, protocol: { http: '2', tls: '1.2' }, certificate: { trusted: true, daysLeft: 30 } }]
  - name: create
    url: /keys
    headers: { Authorization: 'Bearer {{token}}' }
    json: { alias: probe }
    capture: { id: { json: $.id } }`;
const READ = `
  - name: read back
    url: '/keys/{{id}}'
    headers: { Authorization: 'Bearer {{token}}' }
    assert:
      - header: { name: Warning, absent: true }
        json: { path: $.alias, equals: probe }
        jsonSchema: { type: object, required: [id, alias] }
        latency: { total: 10s }`;

describe.skipIf(!requireRoot() || !requireTools([...POSTGRES_TOOLS, 'nginx', 'openssl', 'bash']))('steps', () => {
  let rig: Rig;
  let database: Postgres;
  let ports: { readonly https: number; readonly http: number; readonly app: number; readonly database: number };
  let options: readonly string[] = [];
  const place = ['env', `KMS_PASSWORD=${CANARY}`];
  const journeyOf = async (name: string, steps: string): Promise<readonly string[]> => {
    const file = await rig.write(
      `${name}.yaml`,
      `target: https://kms.test:${ports.https}/\nsamples: 1\nsteps:${steps}\n`,
    );
    return ['--journey', file, '--only', 'steps', ...options];
  };
  const stepsOf = ({ journey }: Pick<Ridden, 'journey'>): StepsEvidence['steps'] =>
    (journey.evidence['steps'] as unknown as StepsEvidence).steps;
  const lastOf = (ridden: Ridden): readonly string[] =>
    stepsOf(ridden).map(({ rounds }) => rounds.at(-1)?.outcome ?? '');
  const idsOf = ({ journey }: Ridden): readonly string[] =>
    journey.findings.map(({ id, severity }) => `${id} ${severity}`);

  beforeAll(async () => {
    rig = await openRig();
    const [https, http] = [await freePort([FRONT]), await freePort([FRONT])];
    ports = { https, http, app: await freePort([APP]), database: await freePort([DATABASE]) };
    const listen = { address: DATABASE, port: ports.database };
    database = await openPostgres(rig, listen, 'create table keys (id serial primary key, alias text not null)');
    const argv = [process.execPath, APPLICATION, APP, `${ports.app}`, DATABASE, `${ports.database}`, CANARY];
    const answers = ['bash', '-c', `exec 3<>/dev/tcp/${APP}/${ports.app}`];
    await rig.start({ name: 'app', place: HERE, argv, answers });
    const pki = await createPki(rig);
    const leaf = await pki.leaf('kms');
    const [chain, key] = [
      await rig.write('chain.pem', leaf.certificatePem + pki.lower.certificatePem + pki.upper.certificatePem),
      await rig.write('chain.key', leaf.keyPem),
    ];
    await startNginx(
      rig,
      HERE,
      'front',
      { address: FRONT, port: https },
      `server { listen ${FRONT}:${http}; return 301 https://kms.test:${https}/old$request_uri; }
server {
  listen ${FRONT}:${https} ssl http2; server_name kms.test; ssl_certificate ${chain}; ssl_certificate_key ${key};
  gzip on; gzip_types text/plain application/json; gzip_min_length 1;
  location /old/ { rewrite ^/old/(.*)$ https://kms.test:${https}/$1 redirect; }
  location = /unsafe { return 302 http://kms.test:${http}/report; }
  location / { proxy_pass http://${APP}:${ports.app}; }
}`,
    );
    options = ['--connect', FRONT, '--ca-file', pki.rootFile];
  });
  afterAll(() => rig.close());

  it('logs in, creates and reads back; without the database it fails, and with it again it passes', async () => {
    const journey = await journeyOf('keys', LOGIN + READ);
    const before = await ride(journey, place);
    expect([lastOf(before), idsOf(before), before.code]).toEqual([['passed', 'passed', 'passed'], [], 0]);
    const [first] = stepsOf(before).map(({ shown }) => shown[0]?.exchanges[0]);
    expect(first).toMatchObject({ version: '2', status: 200, cookiesTaken: ['session'] });
    await database.stop();
    const without = await ride(journey, place);
    expect(lastOf(without)).toEqual(['passed', 'failed', 'skipped']);
    expect(idsOf(without)).toEqual(['step-failed critical']);
    expect(without.journey.findings[0]?.what).toContain('Step "create" failed');
    expect(without.code).toBe(2);
    await database.start();
    const after = await ride(journey, place);
    expect([lastOf(after), idsOf(after), after.code]).toEqual([['passed', 'passed', 'passed'], [], 0]);
  });

  it('sees within one journey that answers go stale while the database is away, and fresh again', async () => {
    // The first key is there already: reading it goes on from memory.
    const first = `${LOGIN}\n    assert: [{ status: [201, 503] }]`.replace('    capture: { id: { json: $.id } }', '');
    const readOne = READ.replace('{{id}}', '1');
    const file = await journeyOf('stale', `${first}${readOne}\nrepeat: 15\nevery: 700ms`);
    const logged = async (): Promise<string> => rig.read('front-access.log');
    const until = async (from: number, pattern: RegExp): Promise<void> =>
      vi.waitFor(async () => expect((await logged()).slice(from)).toMatch(pattern), { timeout: 60_000, interval: 50 });
    const began = (await logged()).length;
    const riding = probe([...file, '--format', 'json'], place);
    await until(began, /(GET \/keys\/1 [^]*){2}/);
    await database.stop();
    // Both are answered while the database is gone.
    await until((await logged()).length, /POST \/keys [^\n]*" 503 [^]*GET \/keys\/1 /);
    await database.start();
    const ran = await riding;
    const ridden = { ...ran, journey: readJourney(ran) };
    const rounds =
      stepsOf(ridden)
        .find(({ name }) => name === 'read back')
        ?.rounds.map(({ outcome }) => outcome) ?? [];
    expect(rounds[0]).toBe('passed');
    expect(rounds).toContain('unmet');
    expect(rounds.at(-1)).toBe('passed');
    const stale = ridden.journey.findings.find(({ id }) => id === 'assertion-failed');
    expect(stale?.severity).toBe('warning');
    expect(stale?.what).toContain('no header Warning; it was: "110 - \\"Response is Stale\\""');
  });

  it('follows nginx hop by hop, from http over two redirects to a page in gzip', async () => {
    const page = `
  - name: page
    url: http://kms.test:${ports.http}/report
    assert: [{ redirects: 2, body: { contains: all keys are well }, header: { name: Content-Encoding, equals: gzip } }]
  - name: back to http
    url: /unsafe`;
    const ridden = await ride(await journeyOf('page', page), place);
    expect(lastOf(ridden)).toEqual(['passed', 'passed']);
    const exchanges = stepsOf(ridden)[0]?.shown[0]?.exchanges ?? [];
    expect(exchanges.map(({ status }) => status)).toEqual([301, 302, 200]);
    expect(
      exchanges.map(({ spans }) => Object.keys(spans).filter((hop) => hop === 'connect' || hop === 'tls')),
    ).toEqual([['connect'], ['connect', 'tls'], []]);
    expect(exchanges[2]?.bodyBytes).toBeLessThan(1_000);
    expect(idsOf(ridden)).toEqual(['redirect-to-plaintext warning']);
  });

  it('shows no secret, whatever the way out', async () => {
    const echo = LOGIN.replace('200, protocol', '404, body: { equals: x }, protocol');
    const journey = await journeyOf('canary', echo + READ);
    const cookies = /session=([0-9a-f]{24})/;
    for (const format of ['text', 'json', 'markdown', 'html', 'prometheus']) {
      const { stdout, stderr } = await probe([...journey, '--format', format, '-v'], place);
      expect(stdout).toContain('log in');
      for (const way of [stdout, stderr]) {
        expect(way).not.toContain('canary');
        expect(way).not.toMatch(cookies);
        // Tokens, as the application makes them: 24 digits and no more (trace ids and hashes have others).
        expect(way).not.toMatch(/(?<![0-9a-f])[0-9a-f]{24}(?![0-9a-f])/);
      }
    }
    const { stdout } = await probe([...journey, '--plan'], place);
    expect(stdout).toContain('"log in", "create" and "read back"');
    expect(stdout).not.toContain('canary');
  });
});
