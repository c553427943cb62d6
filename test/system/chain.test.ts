// Certificates as nginx sends them, in that order, against openssl s_client.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TlsEvidence } from '../../probes/tls/evidence.ts';
import { type OpensslView, sClient } from './rig/peers.ts';
import { ride } from './rig/probe.ts';
import { evidenceOf } from './rig/reading.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { CHAINS, type Chain, type Host, loopbackPlan, type Site, startSite } from './rig/site.ts';
import { requireTools } from './rig/tools.ts';

/** X509_V_ERR numbers of openssl/x509_vfy.h and the names that Node gives them. */
const VERIFY_CODES: Readonly<Record<number, string | null>> = {
  0: null,
  10: 'CERT_HAS_EXPIRED',
  18: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  19: 'SELF_SIGNED_CERT_IN_CHAIN',
  20: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  21: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
};

/** What the tls probe must say of each chain; null where it must say nothing that warns. */
const FINDINGS: Readonly<Record<Chain, string | null>> = {
  normal: null,
  rsa: null,
  reversed: 'chain-order',
  extra: 'chain-extra-certificate',
  doubled: 'chain-extra-certificate',
  alone: 'chain-incomplete',
  aged: 'renewal-overdue',
  expired: 'certificate-expiry',
};

describe.skipIf(!requireTools(['nsd', 'unbound', 'nginx', 'haproxy', 'openssl', 'setpriv']))('chains', () => {
  let rig: Rig;
  let site: Site;
  beforeAll(async () => {
    rig = await openRig();
    site = await startSite(rig, await loopbackPlan());
  });
  afterAll(() => rig.close());

  interface Views {
    readonly seen: TlsEvidence['byEndpoint'][number];
    readonly openssl: OpensslView;
    /** Ids of what the tls probe found, notices left out. */
    readonly found: readonly string[];
    /** The same with the notices. */
    readonly said: readonly string[];
  }

  /** Both views of the same name on the same address. */
  async function both(label: string, host: Host): Promise<Views> {
    const connect = ['--connect', site.listen(host).address];
    const [{ journey }, openssl] = await Promise.all([
      ride([site.target(label), '-n', '1', ...connect, ...site.options]),
      sClient(site.listen(host), `${label}.kms.test`, site.pki.rootFile),
    ]);
    const [seen] = evidenceOf<TlsEvidence>(journey, 'tls').byEndpoint;
    if (seen === undefined) throw new Error('the journey has no TLS endpoint');
    const findings = journey.findings.filter(({ probe }) => probe === 'tls');
    const found = findings.filter(({ severity }) => severity !== 'notice');
    return { seen, openssl, found: found.map(({ id }) => id), said: findings.map(({ id }) => id) };
  }

  it.each(CHAINS)('sees the chain "%s" as openssl does, and says what is odd about it', async (label) => {
    const { seen, openssl, found, said } = await both(label, 'chains');
    expect(openssl.chainSent.length).toBeGreaterThan(0);
    expect(seen.chainSent).toEqual(openssl.chainSent);
    expect(seen.trustError).toBe(VERIFY_CODES[openssl.verifyCode]);
    expect(seen.trusted).toBe(openssl.verifyCode === 0);
    expect(seen.protocol).toBe('TLSv1.3');
    const expected = FINDINGS[label];
    if (expected === null) expect(found).toEqual([]);
    else expect(said).toContain(expected);
  });

  it('sees the same through TLS 1.2', async () => {
    const { seen, openssl } = await both('normal', 'twelve');
    expect([seen.protocol, openssl.protocol]).toEqual(['TLSv1.2', 'TLSv1.2']);
    expect(seen.chainSent).toEqual(openssl.chainSent);
    expect(seen.chainSent).toHaveLength(3);
  });

  it('sees through a balancer in TCP mode what stands behind it', async () => {
    const { journey } = await ride([site.target(''), '-n', '2', ...site.options]);
    const behind = await sClient(site.listen('origin'), 'kms.test', site.pki.rootFile);
    const chains = evidenceOf<TlsEvidence>(journey, 'tls').byEndpoint.map(({ chainSent }) => chainSent);
    expect(chains).toEqual([behind.chainSent, behind.chainSent]);
  });
});
