// `probe certs` telling a real Alertmanager and Pushgateway, and node_exporter's textfile collector.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertsReport } from '../../src/model/certs.ts';
import { createPki, EXPIRED, type Pki } from './rig/pki.ts';
import { freePort } from './rig/ports.ts';
import { probe } from './rig/probe.ts';
import { HERE, openRig, type Rig, run } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';
import { at, type Listen, startNginx } from './rig/web.ts';

const NETWORK = '127.0.63';
const TOOLS = ['nginx', 'openssl', 'setpriv', 'promtool', 'prometheus-alertmanager', 'prometheus-pushgateway'];
const HOUR_MS = 3_600_000;

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly status: { readonly state: string };
}

describe.skipIf(!requireTools(TOOLS))('probe certs tells', () => {
  let rig: Rig;
  let pki: Pki;
  const listens: Record<'good' | 'ended' | 'alertmanager' | 'pushgateway', Listen> = {} as never;
  const url = (name: keyof typeof listens): string => `http://${at(listens[name])}`;
  const options = (): readonly string[] => ['--sni', 'kms.test', '--insecure', '--ca-file', pki.rootFile];

  beforeAll(async () => {
    rig = await openRig();
    pki = await createPki(rig);
    for (const [index, name] of (['good', 'ended', 'alertmanager', 'pushgateway'] as const).entries()) {
      const address = `${NETWORK}.${index + 1}`;
      listens[name] = { address, port: await freePort([address]) };
    }
    const servers: string[] = [];
    for (const [name, life] of [
      ['good', undefined],
      ['ended', EXPIRED],
    ] as const) {
      const leaf = await pki.leaf(`leaf-${name}`, life === undefined ? {} : { life });
      const pem = leaf.certificatePem + pki.lower.certificatePem + pki.upper.certificatePem;
      const [cert, key] = [await rig.write(`${name}.pem`, pem), await rig.write(`${name}.pem.key`, leaf.keyPem)];
      servers.push(`server { listen ${at(listens[name])} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key}; }`);
    }
    await startNginx(rig, HERE, 'certs', listens.good, servers.join('\n'));
    await startReceivers();
  });
  afterAll(() => rig.close());

  async function startReceivers(): Promise<void> {
    const config = await rig.write('alertmanager.yml', 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n');
    const ready = (name: keyof typeof listens): readonly string[] => ['curl', '-sf', `${url(name)}/-/ready`];
    const own = ['--cluster.listen-address=', `--storage.path=${rig.folder}/alerts`];
    const alertmanager = [`--config.file=${config}`, `--web.listen-address=${at(listens.alertmanager)}`, ...own];
    await rig.start({
      ...{ name: 'alertmanager', place: HERE, answers: ready('alertmanager') },
      argv: ['prometheus-alertmanager', ...alertmanager],
    });
    await rig.start({
      ...{ name: 'pushgateway', place: HERE, answers: ready('pushgateway') },
      argv: ['prometheus-pushgateway', `--web.listen-address=${at(listens.pushgateway)}`],
    });
  }

  async function alerts(): Promise<readonly Alert[]> {
    return (await (await fetch(`${url('alertmanager')}/api/v2/alerts`)).json()) as readonly Alert[];
  }

  it('Alertmanager: nothing while all is well', async () => {
    const notify = ['--notify', `alertmanager+${url('alertmanager')}`];
    const { code, stdout, stderr } = await probe(['certs', at(listens.good), ...options(), ...notify]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await alerts()).toEqual([]);
  });

  it('Alertmanager: one alert that says what is wrong and where, told twice or once, until it is not told again', async () => {
    const notify = ['--notify', `alertmanager+${url('alertmanager')}/`, '--alert-for', '2h'];
    const swept = ['certs', at(listens.good), at(listens.ended), ...options(), ...notify];
    const before = Date.now();
    expect(await probe(swept)).toMatchObject({ code: 2, stderr: '' });
    const [first, ...rest] = await alerts();
    expect(rest).toEqual([]);
    expect(first).toMatchObject({
      labels: { alertname: 'Certificate', id: 'certificate-expiry', severity: 'critical', target: at(listens.ended) },
      status: { state: 'active' },
    });
    expect(first?.annotations['summary']).toMatch(/expired/);
    const endsAt = Date.parse(first?.endsAt ?? '');
    expect(endsAt).toBeGreaterThanOrEqual(before + 2 * HOUR_MS - 1000);
    expect(endsAt).toBeLessThanOrEqual(Date.now() + 2 * HOUR_MS);

    expect(await probe(swept)).toMatchObject({ code: 2, stderr: '' });
    const [again, ...others] = await alerts();
    expect(others).toEqual([]);
    expect(again?.labels).toEqual(first?.labels);
    expect(again?.startsAt).toBe(first?.startsAt);
    expect(Date.parse(again?.endsAt ?? '')).toBeGreaterThan(endsAt);
  });

  it('Alertmanager: an alert that is not told again ends by itself', async () => {
    // In other words, so that it is another alert: of one told twice Alertmanager keeps the later end.
    const target = `tls://${at(listens.ended)}`;
    const received = async (): Promise<number> => {
      const text = await (await fetch(`${url('alertmanager')}/metrics`)).text();
      return Number(/^alertmanager_alerts_received_total\{status="firing",version="v2"\} (\d+)$/m.exec(text)?.[1]);
    };
    const before = await received();
    const notify = ['--notify', `alertmanager+${url('alertmanager')}`, '--alert-for', '1s'];
    await probe(['certs', target, ...options(), ...notify]);
    expect(await received()).toBe(before + 1);
    const standing = async () => (await alerts()).filter(({ labels }) => labels['target'] === target);
    await expect.poll(standing, { timeout: 10_000 }).toEqual([]);
  });

  it('a Pushgateway and node_exporter: the same metrics, which promtool passes', async () => {
    const textfile = join(rig.folder, 'certs.prom');
    const to = ['--push', url('pushgateway'), '--textfile', textfile, '--format', 'json'];
    const swept = await probe(['certs', at(listens.good), at(listens.ended), ...options(), ...to]);
    expect(swept).toMatchObject({ code: 2, stderr: '' });
    const text = await readFile(textfile, 'utf8');
    expect(await run(['promtool', 'check', 'metrics'], text)).toEqual({ code: 0, stdout: '', stderr: '' });
    // node_exporter reads it as another user, and reads whatever ends in .prom: no half of one may stay.
    expect((await stat(textfile)).mode & 0o444).toBe(0o444);
    expect((await readdir(rig.folder)).filter((name) => name.includes('certs.prom'))).toEqual(['certs.prom']);

    const pushed = await (await fetch(`${url('pushgateway')}/metrics`)).text();
    const report = JSON.parse(swept.stdout) as CertsReport;
    const end = Date.parse(report.certificates[report.places[0]?.chain[0] ?? '']?.notAfter ?? '') / 1000;
    const family = /^(\w*not_after\w*)\{/m.exec(text)?.[1] ?? '';
    expect(family).not.toBe('');
    const lines = pushed.split('\n').filter((line) => line.startsWith(`${family}{`));
    expect(lines.length).toBe(text.split('\n').filter((line) => line.startsWith(`${family}{`)).length);
    expect(lines.map((line) => Number(line.split(' ').at(-1)))).toContain(end);
    expect(lines.every((line) => line.includes('job="probe_certs"') && line.includes('instance="'))).toBe(true);
  });

  it('whom it cannot: says so, and keeps its verdict in the exit code', async () => {
    const closed = { address: `${NETWORK}.9`, port: await freePort([`${NETWORK}.9`]) };
    const to = ['--push', `http://${at(closed)}`];
    const { code, stdout, stderr } = await probe(['certs', at(listens.ended), ...options(), ...to]);
    expect(code).not.toBe(0);
    expect(stdout).toMatch(/^CRITICAL/);
    expect(stderr).toContain(at(closed));
  });
});
