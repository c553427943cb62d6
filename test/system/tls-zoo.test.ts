// A zoo of chains on nginx, HAProxy and openssl s_server: what `probe` and `probe certs` say of each, against openssl s_client and verify.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TlsEvidence } from '../../probes/tls/evidence.ts';
import type { CertsReport } from '../../src/model/certs.ts';
import type { Finding } from '../../src/model/finding.ts';
import { type OpensslView, sClient } from './rig/peers.ts';
import { probe, ride } from './rig/probe.ts';
import { evidenceOf } from './rig/reading.ts';
import { openRig, type Rig, run } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';
import { type Animal, ascii, openZoo, type Zoo } from './rig/zoo.ts';
import { ZOO } from './rig/zoo-cases.ts';

/** Rides under way at once: each is a process of its own. */
const AT_ONCE = 3;

interface Views {
  readonly animal: Animal;
  readonly seen: TlsEvidence['byEndpoint'][number];
  readonly findings: readonly Finding[];
  readonly sClient: OpensslView;
  /** X509_V_ERR of `openssl verify` for TLS servers, with the security that Debian's defaults ask for; 0 when it holds. */
  readonly verifyCode: number;
}

const target = ({ host, listen }: Animal): string => `${host}:${listen.port}`;

async function verifyCode({ name, host, toAddress, chain }: Animal, folder: string, rootFile: string): Promise<number> {
  const file = (ending: string): string => `${folder}/${name}.zoo.${ending}`;
  const whom = toAddress === true ? ['-verify_ip', host] : ['-verify_hostname', ascii(host)];
  const sent = chain.length > 1 ? ['-untrusted', file('rest')] : [];
  const asked = ['-auth_level', '2', '-purpose', 'sslserver', ...whom, '-CAfile', rootFile, ...sent];
  const { code, stdout, stderr } = await run(['openssl', 'verify', ...asked, file('leaf')]);
  const said = /^error (\d+) at \d+ depth lookup/m.exec(stdout + stderr)?.[1];
  if (code !== 0 && said === undefined) throw new Error(`openssl verify judged nothing: ${stderr}`);
  return code === 0 ? 0 : Number(said);
}

async function look(animal: Animal, zoo: Zoo, rig: Rig): Promise<Views> {
  // RFC 6066 3: no address in SNI; both names of the option that s_client has for it say nothing else.
  const strength = ['-cipher', 'DEFAULT:@SECLEVEL=0'];
  const openssl = await sClient(animal.listen, ascii(animal.host), zoo.rootFile, strength);
  const { journey } = await ride([target(animal), '-n', '1', '--no-tls-survey', ...zoo.options]);
  const [seen] = evidenceOf<TlsEvidence>(journey, 'tls').byEndpoint;
  if (seen === undefined) throw new Error(`${animal.name} has no TLS endpoint`);
  const findings = journey.findings.filter((finding) => finding.probe === 'tls');
  return { animal, seen, findings, sClient: openssl, verifyCode: await verifyCode(animal, rig.folder, zoo.rootFile) };
}

const idsOf = (all: readonly Pick<Finding, 'id' | 'severity'>[], severity: string): readonly string[] => [
  ...new Set(all.filter((one) => one.severity === severity).map(({ id }) => id)),
];

describe.skipIf(!requireTools(['nsd', 'unbound', 'nginx', 'haproxy', 'openssl', 'setpriv']))('the chain zoo', () => {
  let rig: Rig;
  const views = new Map<string, Views>();
  let report: CertsReport;
  let exit: number | null;

  beforeAll(async () => {
    rig = await openRig();
    const zoo = await openZoo(rig);
    const swept = await probe(['certs', ...zoo.animals.map(target), ...zoo.options, '--format', 'json']);
    report = JSON.parse(swept.stdout) as CertsReport;
    exit = swept.code;
    const animals = zoo.animals.values();
    const worker = async (): Promise<void> => {
      for (const animal of animals) views.set(animal.name, await look(animal, zoo, rig));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }, 300_000);
  afterAll(() => rig.close());

  const viewsOf = (name: string): Views => {
    const found = views.get(name);
    if (found === undefined) throw new Error(`nobody looked at ${name}`);
    return found;
  };

  const cases = Object.entries(ZOO);

  it.each(cases)('%s: sent as openssl s_client shows it', (name) => {
    const { animal, seen, sClient: openssl } = viewsOf(name);
    expect(openssl.chainSent).toEqual(animal.chain.map(({ fingerprint }) => fingerprint));
    expect(seen.chainSent).toEqual(openssl.chainSent);
    expect(seen.trusted).toBe(openssl.verifyCode === 0);
    const place = report.places.find((one) => one.kind === 'endpoint' && one.target === target(animal));
    expect(place).toMatchObject({ state: 'read', chain: openssl.chainSent, trusted: openssl.verifyCode === 0 });
  });

  it.each(cases)('%s: trusted as by openssl verify, or not with a reason', (name, { differs }) => {
    const { seen, verifyCode: code } = viewsOf(name);
    const ours = seen.verdict?.valid;
    if (differs === undefined) expect([ours, code === 0]).toEqual([code === 0, code === 0]);
    else expect(ours).toBe(code !== 0);
    // Whoever is refused is told why.
    const fatal = seen.verdict?.faults.filter((fault) => fault.fatal) ?? [];
    expect(fatal.length > 0).toBe(ours === false);
  });

  it.each(cases)('%s: found by a ride and by a sweep', (name, { critical, warning, notice }) => {
    const { animal, findings } = viewsOf(name);
    const problems = report.problems.filter((problem) => problem.target === target(animal));
    for (const all of [findings, problems] as const) {
      expect(idsOf(all as readonly Finding[], 'critical')).toEqual(critical === undefined ? [] : [critical]);
      expect(idsOf(all as readonly Finding[], 'warning')).toEqual(warning === undefined ? [] : [warning]);
      if (notice !== undefined) expect(idsOf(all as readonly Finding[], 'notice')).toContain(notice);
    }
  });

  it('is told as critical, worst first', () => {
    expect(exit).toBe(2);
    expect(report.verdict).toBe('critical');
    expect(report.counts).toMatchObject({ targets: cases.length, places: cases.length, failed: 0 });
    const order = ['critical', 'unknown', 'warning', 'notice'];
    const ranks = report.problems.map(({ severity }) => order.indexOf(severity));
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  });
});
