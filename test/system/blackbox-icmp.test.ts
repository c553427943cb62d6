// The icmp prober without rights, beside Debian's blackbox_exporter, and the refusal to serve what the system forbids.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, EXPORTER, type Pair, startPair, success } from './rig/blackbox.ts';
import { openNamespaces } from './rig/namespaces.ts';
import { probeArgv } from './rig/probe.ts';
import { openRig, outputOf, type Place, type Rig, run } from './rig/rig.ts';
import { requireNamespaces, requireRoot, requireTools } from './rig/tools.ts';

const CONFIG = `modules:
  icmp: {prober: icmp, timeout: 600ms}
  large: {prober: icmp, timeout: 600ms, icmp: {payload_size: 20000}}
  far: {prober: icmp, timeout: 600ms, icmp: {ttl: 3, source_ip_address: 10.77.0.1}}
  whole: {prober: icmp, timeout: 600ms, icmp: {dont_fragment: true, payload_size: 1400}}
  whole_large: {prober: icmp, timeout: 600ms, icmp: {dont_fragment: true, payload_size: 3000}}
`;
const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs'];
const TOOLS = [EXPORTER, 'curl', 'ip', 'setpriv', 'sysctl'];

describe.skipIf(!requireTools(TOOLS) || !requireRoot() || !requireNamespaces())('echoes without rights', () => {
  let rig: Rig;
  let pair: Pair;
  let client: Place;
  const allow = (range: string): Promise<string> =>
    outputOf([...client, 'sysctl', '-q', '-w', `net.ipv4.ping_group_range=${range}`]);

  beforeAll(async () => {
    rig = await openRig();
    const namespaces = await openNamespaces(rig, ['10.77.0.2']);
    client = namespaces.client;
    await namespaces.blackHole('10.77.0.9');
    await allow('0 2147483647');
    pair = await startPair(rig, CONFIG, [...client, ...NOBODY], '127.0.0.1');
  });
  afterAll(() => rig.close());

  it.each([
    ['icmp', '10.77.0.2', 1],
    ['icmp', '::1', 1],
    ['icmp', '10.77.0.9', 0],
    ['large', '10.77.0.2', 1],
    ['far', '10.77.0.2', 1],
    ['far', '10.77.0.9', 0],
  ])('%s to %s: %s, as the exporter says', async (module, target, wanted) => {
    const pages = await pair.probe(module, target);
    expect(success(pages.ours)).toBe(wanted);
    expect(differences(pages)).toEqual([]);
    if (wanted === 1) expect(pages.ours.get('probe_icmp_reply_hop_limit')).toBe(64);
  });

  it('a packet that nobody may take apart needs no rights here, and is not sent where it does not fit', async () => {
    const [fits, large] = [await pair.probe('whole', '10.77.0.2'), await pair.probe('whole_large', '10.77.0.2')];
    expect([success(fits.theirs), success(fits.ours)]).toEqual([0, 1]);
    expect([success(large.theirs), success(large.ours)]).toEqual([0, 0]);
  });

  it('are refused when the file is loaded where the system forbids them, with the cause and what helps', async () => {
    const file = await rig.write('forbidden.yml', CONFIG);
    const check = probeArgv(['serve', '--blackbox-config', file, '--check']);
    await allow('1 0');
    const forbidden = await run([...client, ...NOBODY, ...check]);
    expect(forbidden.code).toBe(64);
    expect(forbidden.stderr).toContain('module icmp: ICMP cannot be sent from here');
    expect(forbidden.stderr).toContain('ping_group_range');
    expect((await run([...client, ...check])).code).toBe(0);
    await allow('0 2147483647');
    expect((await run([...client, ...NOBODY, ...check])).code).toBe(0);
  });
});
