// STARTTLS by real daemons: Postfix, Dovecot, PostgreSQL, MariaDB, OpenLDAP, vsftpd and Prosody, against openssl s_client -starttls.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertsReport } from '../../src/model/certs.ts';
import { fingerprintOf } from './rig/mint.ts';
import { sClient } from './rig/peers.ts';
import { probe } from './rig/probe.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { DAEMONS, SERVICE_NAMES, SERVICES, type Services, startServices } from './rig/starttls.ts';
import { requireRoot, requireTools } from './rig/tools.ts';

const TOOLS = [...DAEMONS, 'mariadb-install-db', 'nsd', 'unbound', 'openssl', 'setpriv'];

describe.skipIf(!requireTools(TOOLS) || !requireRoot())('STARTTLS', () => {
  let rig: Rig;
  let services: Services;
  let report: CertsReport;
  const targets = (): readonly string[] => SERVICE_NAMES.map((service) => services.target(service));

  beforeAll(async () => {
    rig = await openRig();
    services = await startServices(rig);
    const swept = await probe(['certs', ...targets(), ...services.options, '--format', 'json']);
    report = JSON.parse(swept.stdout) as CertsReport;
  });
  afterAll(() => rig.close());

  it.each(SERVICE_NAMES)('%s shows the chain that openssl s_client sees', async (service) => {
    const host = `${service}.kms.test`;
    const xmpp = service.startsWith('xmpp') ? ['-xmpphost', host] : [];
    const flags = ['-starttls', SERVICES[service].starttls, ...xmpp];
    const openssl = await sClient(services.listen(service), host, services.pki.rootFile, flags);
    expect(openssl.chainSent).toEqual(services.chain.map(({ certificatePem }) => fingerprintOf(certificatePem)));
    const place = report.places.find((one) => one.kind === 'endpoint' && one.target === services.target(service));
    expect(place).toMatchObject({
      ...{ state: 'read', problem: null, chain: openssl.chainSent, protocol: openssl.protocol },
      ...{ trusted: openssl.verifyCode === 0, hostnameMatches: true, starttls: SERVICES[service].starttls },
    });
  });

  it('is silent, and 0, when all are well', async () => {
    const { code, stdout, stderr } = await probe(['certs', ...targets(), ...services.options]);
    expect([code, stdout, stderr]).toEqual([0, '', '']);
  });

  it('says of a service that was asked in the wrong protocol what it answered', async () => {
    const { address, port } = services.listen('pop3');
    const { code, stdout } = await probe(['certs', `imap://${address}:${port}`, ...services.options]);
    expect(code).toBe(3);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stdout).toContain('+OK');
  });
});
