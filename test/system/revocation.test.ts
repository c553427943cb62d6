// What is told of revocation, against what openssl says of the same responders, lists and staples.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TlsEvidence } from '../../probes/tls/evidence.ts';
import type { CertsReport } from '../../src/model/certs.ts';
import { probe, type Ridden, readJourney, ride } from './rig/probe.ts';
import { evidenceOf } from './rig/reading.ts';
import {
  type LeafName,
  opensslOcsp,
  opensslStaple,
  opensslVerify,
  type RevocationWorld,
  startRevocationWorld,
} from './rig/revocation.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const CHECKS = new Set([
  ...['certificate-revoked', 'revocation-unknown', 'crl-expired', 'ocsp-expired'],
  ...['staple-expired', 'staple-wrong', 'must-staple-missing', 'sct-too-few'],
]);
const DAY_MS = 86_400_000;

describe.skipIf(!requireTools(['nginx', 'nsd', 'unbound', 'openssl', 'setpriv', 'bash']))('revocation', () => {
  let rig: Rig;
  let world: RevocationWorld;
  beforeAll(async () => {
    rig = await openRig();
    world = await startRevocationWorld(rig);
  });
  afterAll(() => rig.close());

  const look = (leaf: LeafName, ...more: readonly string[]): Promise<Ridden> =>
    ride([world.target(leaf), ...world.options, ...more]);
  const found = ({ journey }: Ridden): readonly string[] =>
    journey.findings.filter(({ id }) => CHECKS.has(id)).map(({ id, severity }) => `${severity} ${id}`);
  const evidence = ({ journey }: Ridden) => {
    const { revocation, byEndpoint } = evidenceOf<TlsEvidence>(journey, 'tls');
    if (revocation === undefined) throw new Error('the journey did not look at revocation');
    return { ...revocation, leaf: byEndpoint[0]?.chainSent[0] };
  };
  /** What was believed of the server certificate, by method; null for what was not. */
  const told = (ridden: Ridden, method: 'ocsp' | 'crl'): string | null => {
    const { asked = [], leaf } = evidence(ridden);
    const one = asked.find((each) => each.certificate === leaf && each.method === method);
    return one?.because === null ? one.status : null;
  };

  it.each([
    ['good', 'ocsp', []],
    ['revoked', 'ocsp', ['critical certificate-revoked']],
    ['unknown', 'ocsp', ['notice revocation-unknown']],
    ['dead', 'dead', ['notice revocation-unknown']],
    ['stranger', 'impostorOcsp', ['notice revocation-unknown']],
  ] as const)('OCSP: %s as openssl ocsp says', async (leaf, port, findings) => {
    const [ridden, openssl] = await Promise.all([look(leaf, '--revocation'), opensslOcsp(world, leaf, port)]);
    expect(told(ridden, 'ocsp')).toBe(openssl);
    expect(found(ridden)).toEqual(findings);
    const { asked = [] } = evidence(ridden);
    // The intermediate is good, by its issuer's own responder and list.
    const above = asked.filter(({ certificate }) => certificate !== evidence(ridden).leaf);
    expect(above.map(({ method, status, because }) => [method, status, because])).toEqual([
      ['ocsp', 'good', null],
      ['crl', 'good', null],
    ]);
  });

  it.each([
    ['good', 'int', ['root.crl', 'int.crl'], 'OK', []],
    ['revoked', 'int', ['root.crl', 'int.crl'], 'certificate revoked', ['critical certificate-revoked']],
    ['below', 'old', ['root.crl', 'old.crl'], 'certificate revoked', ['critical certificate-revoked']],
    [
      'stale',
      'int',
      ['root.crl', 'stale.crl'],
      'CRL has expired',
      ['warning crl-expired', 'notice revocation-unknown'],
    ],
    ['stranger', 'int', ['root.crl', 'impostor.crl'], 'CRL signature failure', ['notice revocation-unknown']],
  ] as const)('lists: %s as openssl verify -crl_check_all says', async (leaf, issuer, lists, words, findings) => {
    const [ridden, openssl] = await Promise.all([
      look(leaf, '--revocation'),
      opensslVerify(world, leaf, issuer, lists),
    ]);
    expect(openssl).toBe(words);
    expect([...found(ridden)].toSorted()).toEqual([...findings].toSorted());
  });

  it('a certificate that names nobody is not called good', async () => {
    const ridden = await look('silent', '--revocation');
    expect(found(ridden)).toEqual(['notice revocation-unknown']);
    expect(ridden.journey.verdict).not.toBe('critical');
  });

  it('nobody is asked without --revocation', async () => {
    const ridden = await look('revoked');
    expect(evidence(ridden).asked).toBeUndefined();
    expect(found(ridden)).toEqual([]);
    const check = ridden.journey.checks.find(({ id }) => id === 'certificate-revoked');
    expect(check?.outcome).toBe('not-applicable');
  });

  it.each([
    ['promised', 'good', []],
    ['mixed', 'good', ['warning staple-wrong']],
    ['admitted', 'revoked', ['critical certificate-revoked']],
    ['broken', null, ['critical must-staple-missing']],
    ['good', null, []],
  ] as const)('staples: %s as openssl s_client -status shows', async (leaf, status, findings) => {
    const [ridden, openssl] = await Promise.all([look(leaf), opensslStaple(world, leaf)]);
    expect(openssl).toBe(status);
    expect(found(ridden)).toEqual(findings);
  });

  it('a staple of four days ages, and ends', async () => {
    const { journey } = await look('promised');
    const file = await rig.write('promised.json', JSON.stringify(journey));
    const later = async (days: number): Promise<readonly string[]> => {
      const asOf = new Date(Date.parse(journey.startedAt) + days * DAY_MS).toISOString();
      const ran = await probe(['judge', file, '--as-of', asOf, '--format', 'json']);
      return found({ ...ran, journey: readJourney(ran) });
    };
    expect(await later(1)).toEqual([]);
    expect(await later(3)).toEqual(['notice staple-expired']);
    expect(await later(5)).toEqual(['critical staple-expired']);
  });

  it('a staple of openssl s_server', async () => {
    const { address, port } = world.sServer;
    const options = world.options.map((option) => (option === world.web.address ? `${address}:${port}` : option));
    const ridden = await ride([world.target('promised'), ...options]);
    expect(evidence(ridden).staples[0]).toMatchObject({ handshakes: 2, statement: { status: 'good', because: null } });
    expect(found(ridden)).toEqual([]);
  });

  it('the metrics tell it', async () => {
    const { stdout } = await probe([
      world.target('revoked'),
      ...world.options,
      '--revocation',
      '--format',
      'prometheus',
    ]);
    expect(stdout).toMatch(/^journey_tls_certificate_revoked\{.*serial=.*\} 1$/m);
    expect(stdout).toMatch(/^journey_tls_certificate_revoked\{.*\} 0$/m);
    const stapled = await probe([world.target('promised'), ...world.options, '--format', 'prometheus']);
    expect(stapled.stdout).toMatch(/^journey_tls_ocsp_next_update_timestamp_seconds\{.*\} \d+/m);
  });

  it('probe certs asks the same, each list once for all', async () => {
    const targets = (['good', 'revoked', 'below', 'stale'] as const).map(world.target);
    const before = (await rig.read('web-access.log')).split('GET /int.crl').length;
    const sweep = ['certs', ...targets, ...world.sweepOptions, '--revocation', '--format', 'json'];
    const ran = await probe(sweep);
    const report = JSON.parse(ran.stdout) as CertsReport;
    const problems = report.problems.filter(({ id }) => CHECKS.has(id));
    expect(problems.map(({ id, target }) => `${id} ${target.slice(8).split('.')[0]}`).toSorted()).toEqual([
      'certificate-revoked below',
      'certificate-revoked revoked',
      'crl-expired stale',
      'revocation-unknown stale',
    ]);
    expect(ran.code).toBe(2);
    const after = (await rig.read('web-access.log')).split('GET /int.crl').length;
    expect(after - before).toBe(1);
  });

  it('--plan says who would be asked, and asks nobody', async () => {
    const { stdout } = await probe([world.target('good'), ...world.options, '--revocation', '--plan']);
    expect(stdout).toContain('OCSP responder');
  });
});
