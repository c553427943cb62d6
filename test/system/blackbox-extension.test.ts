// What blackbox_exporter's users wait for, on real daemons: every address behind a name, a resolver and a query name of their own, a second try; and that
// Debian's exporter refuses the file that asks for it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPORTER, readSeries, type Series } from './rig/blackbox.ts';
import { freePort } from './rig/ports.ts';
import { probe, probeArgv } from './rig/probe.ts';
import { HERE, openRig, type Rig, run } from './rig/rig.ts';
import { loopbackPlan, type Site, startSite } from './rig/site.ts';
import { requireTools } from './rig/tools.ts';

const TOOLS = [EXPORTER, 'nsd', 'unbound', 'haproxy', 'nginx', 'curl', 'openssl'];
const ADDRESS = '127.0.60.121';

describe.skipIf(!requireTools(TOOLS))('the block outrider: of a module', () => {
  let rig: Rig;
  let site: Site;
  let file: string;
  let url: string;
  const page = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();
  const probed = async (module: string, target: string, more = ''): Promise<Series> =>
    readSeries(await page(`/probe?module=${module}&target=${encodeURIComponent(target)}${more}`));

  beforeAll(async () => {
    rig = await openRig();
    site = await startSite(rig, await loopbackPlan());
    file = await rig.write('extension.yml', configOf(site));
    const port = await freePort([ADDRESS]);
    url = `http://${ADDRESS}:${port}`;
    await rig.start({
      name: 'probe serve',
      place: HERE,
      argv: probeArgv(['serve', '--blackbox-config', file, '--listen', `${ADDRESS}:${port}`]),
      answers: ['curl', '-sf', '-o', '/dev/null', `${url}/-/healthy`],
    });
  }, 60_000);
  afterAll(() => rig.close());

  it('is refused by the exporter with its line, taken here, and told by the lint', async () => {
    const theirs = await run([EXPORTER, '--config.check', `--config.file=${file}`]);
    expect(theirs.code).not.toBe(0);
    expect(theirs.stderr).toMatch(/line 7: field outrider not found/);
    expect((await probe(['serve', '--blackbox-config', file, '--check'])).code).toBe(0);
    const linted = await probe(['config', 'lint', file]);
    expect(linted.code).toBe(1);
    expect(linted.stdout).toContain('module everywhere: the block "outrider" is of probe serve alone');
  });

  it('probes every address that the resolver of the module gives, and tells the one that is down', async () => {
    const [well, down] = [site.listen('passA').address, site.listen('down').address];
    const series = await probed('everywhere', `https://${site.target('half')}/`);
    expect(series.get('probe_success')).toBe(0);
    expect(series.get('probe_addresses')).toBe(2);
    expect(series.get('probe_addresses_failed')).toBe(1);
    expect(series.get(`probe_address_success{address="${well}",zone="a"}`)).toBe(1);
    expect(series.get(`probe_address_success{address="${down}",zone="b"}`)).toBe(0);
    const why = `address="${down}",fault="target",phase="connect",reason="refused",zone="b"`;
    expect(series.get(`probe_address_failure_info{${why}}`)).toBe(1);
    expect(series.get('probe_zone_addresses_failed{zone="b"}')).toBe(1);
    expect((await probed('everywhere', `https://${site.target('half')}/`, '&quorum=any')).get('probe_success')).toBe(1);
    const both = await probed('everywhere', `https://${site.target('')}/`);
    expect([both.get('probe_success'), both.get('probe_addresses')]).toEqual([1, 2]);
  });

  it('asks its resolver over TCP, and says what the resolver said', async () => {
    expect((await probed('tcp', `https://${site.target('app')}/`)).get('probe_success')).toBe(1);
    const gone = await probed('tcp', 'https://nobody.kms.test/');
    expect(gone.get('probe_failure_info{fault="target",phase="resolve",reason="nxdomain"}')).toBe(1);
    const foreign = await probed('tcp', 'https://elsewhere.invalid/');
    expect(foreign.get('probe_success')).toBe(0);
    expect([...foreign.keys()].find((key) => key.startsWith('probe_failure_info'))).toContain('phase="resolve"');
  });

  it('asks a name server for the names that it permits', async () => {
    const server = `${site.nameServers[0].address}:${site.nameServers[0].port}`;
    expect((await probed('zone', server)).get('probe_dns_answer_rrs')).toBe(2);
    expect((await probed('zone', server, '&query_name=app.kms.test')).get('probe_dns_answer_rrs')).toBe(1);
    expect(await page(`/probe?module=zone&target=${server}&query_name=example.com`)).toContain('permits no query_name');
  });

  it('tries again, so that a balancer with a sick host behind pages nobody, and tells each flap', async () => {
    const all: Series[] = [];
    for (let at = 0; at < 6; at++) all.push(await probed('twice', `https://${site.target('sick')}/`));
    const told = all.map((series) => [
      series.get('probe_success'),
      (series.get('probe_attempts') ?? 0) - (series.get('probe_first_attempt_failed') ?? 0),
    ]);
    // Whichever comes first, its turn after that is the healthy one's.
    expect(told).toEqual(all.map(() => [1, 1]));
    const flaps = all.filter((series) => series.get('probe_first_attempt_failed') === 1).length;
    expect(flaps).toBeGreaterThan(0);
    expect(readSeries(await page('/metrics')).get('outrider_probe_flaps_total{module="twice"}')).toBe(flaps);
  });
});

function configOf(site: Site): string {
  const { resolver, pki } = site;
  const at = `${resolver.address}:${resolver.port}`;
  const http = `http: { preferred_ip_protocol: ip4, tls_config: { ca_file: ${pki.rootFile} } }`;
  return `modules:
  everywhere:
    prober: http
    timeout: 8s
    ${http}

    outrider:
      all_addresses: true
      resolver: ${at}
      zones: { a: ${site.listen('passA').address}, b: ${site.listen('down').address}/32 }
  tcp:
    prober: http
    timeout: 8s
    ${http}
    outrider: { resolver: 'tcp://${resolver.address}#${resolver.port}' }
  twice:
    prober: http
    timeout: 8s
    ${http}
    outrider: { resolver: ${at}, confirm: { times: 1, after: 10ms } }
  zone:
    prober: dns
    timeout: 8s
    dns: { query_name: kms.test, query_type: A }
    outrider: { query_names_under: kms.test }
`;
}
