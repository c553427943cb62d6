// Where targets come from, on real daemons: SRV and address records that nsd serves and unbound resolves, and what Prometheus itself makes of the same
// files and the same URL. A name server that goes takes no target along; records that change are followed.
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent, sumOf, until } from './rig/agent.ts';
import { startNsd, startUnbound } from './rig/dns.ts';
import { freePort } from './rig/ports.ts';
import { type Daemon, HERE, openRig, type Rig, run } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const [SERVER, RESOLVER, AGENT, PROMETHEUS, INVENTORY] = [1, 2, 3, 4, 5].map((last) => `127.0.61.${last}`) as [
  ...[string, string, string, string, string],
];
/** More than a datagram holds. */
const MANY = 150;
const PASSWORD = 'canary-44d7';

const zone = (hosts: readonly string[]): string => `$ORIGIN kms.test.
$TTL 0
@ IN SOA ns admin 1 1 1 1 0
@ IN NS ns
ns IN A ${SERVER}
${hosts.map((host, at) => `_web._tcp IN SRV 0 1 ${8000 + at} ${host}\n${host} IN A 127.0.61.${100 + at}`).join('\n')}
web IN A 127.0.61.100
web IN A 127.0.61.101
${Array.from({ length: MANY }, (_, at) => `_many._tcp IN SRV 0 1 ${9000 + at} host-with-a-name-of-some-length-${at}`).join('\n')}
`;

describe.skipIf(!requireTools(['nsd', 'unbound', 'dig', 'prometheus', 'curl', 'setpriv']))('places of targets', () => {
  let rig: Rig;
  let agent: RunningAgent;
  let nsd: Daemon;
  let at: { readonly server: number; readonly resolver: number };
  const seen: string[] = [];

  const serve = (hosts: readonly string[]): Promise<Daemon> =>
    startNsd(rig, HERE, { address: SERVER, port: at.server }, [{ name: 'kms.test', text: zone(hosts) }]);
  const targets = async (part: string): Promise<readonly string[]> => {
    const { text } = await agent.get(`/?q=${part}`);
    return [...text.matchAll(/<h2>(?:<span[^>]*>[^<]*<\/span>)?([^<]*)<\/h2>/g)]
      .map(([, name = '']) => name)
      .toSorted();
  };

  beforeAll(async () => {
    rig = await openRig();
    at = { server: await freePort([SERVER]), resolver: await freePort([RESOLVER]) };
    nsd = await serve(['a', 'b']);
    const servers = [{ address: SERVER, port: at.server }];
    await startUnbound(
      rig,
      HERE,
      { address: RESOLVER, port: at.resolver },
      [{ name: 'kms.test', servers }],
      ['cache-max-ttl: 0', 'cache-max-negative-ttl: 0', 'infra-host-ttl: 1'],
    );
    const inventory = createServer((request, response) => {
      seen.push(request.headers['x-prometheus-refresh-interval-seconds']?.toString() ?? '');
      const isKnown = request.headers.authorization === `Basic ${btoa(`probe:${PASSWORD}`)}`;
      response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
      response.end(isKnown ? '[{"targets":["inventory-1:80","inventory-2:80"],"labels":{"team":"kms"}}]' : '');
    });
    const port = await freePort([INVENTORY]);
    await new Promise<void>((resolve) => {
      inventory.listen(port, INVENTORY, resolve);
    });
    rig.defer(() => void inventory.close());
    const url = `http://${INVENTORY}:${port}/targets`;
    await rig.write('password', PASSWORD);
    await mkdir(join(rig.folder, 'lists'));
    await rig.write('lists/one.yml', '- { targets: [file-1:80], labels: { team: files } }\n');
    await rig.write('lists/two.json', '[{"targets":["file-2:80","file-3:80"]}]');
    await rig.write('lists/three.yml.bak', '- { targets: [file-4:80] }\n');
    await rig.write(
      'agent.yml',
      `schedule: { interval: 30d }
discover:
  files: ['lists/*.yml', 'lists/*.json']
  http: [{ url: '${url}', auth: { basic: { user: probe, password: { file: password } } }, refresh: 2s }]
  dns:
    - { names: [_web._tcp.kms.test, _many._tcp.kms.test], resolvers: ['${RESOLVER}#${at.resolver}'], refresh: 1s }
    - { names: [web.kms.test], type: A, port: 8443, resolvers: ['${RESOLVER}#${at.resolver}'], refresh: 1s }
  keep: { srv: __meta_dns_name }
`,
    );
    agent = await startAgent(rig, { args: ['--config', join(rig.folder, 'agent.yml')], listen: AGENT });
    const listen = `${PROMETHEUS}:${await freePort([PROMETHEUS])}`;
    const config = await rig.write(
      'prometheus.yml',
      `scrape_configs:
- job_name: files
  file_sd_configs: [{ files: ['${rig.folder}/lists/*.yml', '${rig.folder}/lists/*.json'] }]
- job_name: http
  http_sd_configs: [{ url: '${url}', refresh_interval: 2s, basic_auth: { username: probe, password_file: '${rig.folder}/password' } }]
`,
    );
    await mkdir(join(rig.folder, 'prometheus'));
    await rig.start({
      ...{ name: 'prometheus', place: HERE },
      argv: [
        ...['prometheus', `--config.file=${config}`, `--storage.tsdb.path=${join(rig.folder, 'prometheus')}`],
        ...[`--web.listen-address=${listen}`, '--log.level=warn'],
      ],
      answers: ['curl', '-sf', '-o', '/dev/null', `http://${listen}/-/ready`],
    });
    prometheus = listen;
  }, 90_000);
  afterAll(() => rig.close());

  let prometheus = '';
  const theirs = async (job: string): Promise<readonly string[]> => {
    const answer = await fetch(`http://${prometheus}/api/v1/targets?scrapePool=${job}`);
    const { data } = (await answer.json()) as {
      readonly data: {
        readonly activeTargets: readonly { readonly discoveredLabels: Readonly<Record<string, string>> }[];
      };
    };
    return data.activeTargets.map(({ discoveredLabels }) => discoveredLabels['__address__'] ?? '').toSorted();
  };
  const dug = async (name: string): Promise<readonly string[]> => {
    const { stdout } = await run(['dig', `@${RESOLVER}`, '-p', `${at.resolver}`, name, 'SRV', '+short']);
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([, , port = '', host = '']) => `${host.replace(/\.$/, '')}:${port}`)
      .toSorted();
  };

  it('are the SRV records that dig sees, be they more than a datagram holds', async () => {
    for (const name of ['_web._tcp.kms.test', '_many._tcp.kms.test']) {
      const wanted = await dug(name);
      expect(wanted).toHaveLength(name.startsWith('_many') ? MANY : 2);
      await until(async () => ((await targets(name)).length === wanted.length ? true : null));
      expect(await targets(name)).toEqual(wanted);
    }
    await until(async () => ((await targets(':8443')).length === 2 ? true : null));
    expect(await targets(':8443')).toEqual(['127.0.61.100:8443', '127.0.61.101:8443']);
  });

  it('are what Prometheus makes of the same files and the same URL, with the same password', async () => {
    for (const [job, part] of [
      ['files', 'file-'],
      ['http', 'inventory-'],
    ] as const) {
      const wanted = await until(async () => {
        const found = await theirs(job);
        return found.length > 0 ? found : null;
      });
      expect(wanted).toHaveLength(job === 'files' ? 3 : 2);
      await until(async () => ((await targets(part)).length === wanted.length ? true : null));
      expect(await targets(part)).toEqual(wanted);
    }
    // Both say how often they ask.
    expect(new Set(seen)).toEqual(new Set(['2']));
    const shown = (await agent.get('/config')).text;
    for (const text of [shown, agent.said(), (await agent.get('/metrics')).text]) expect(text).not.toContain(PASSWORD);
  });

  it('a file that comes and one that goes are seen by both', async () => {
    await writeFile(join(rig.folder, 'lists', 'four.yml'), '- { targets: [file-5:80] }\n');
    const wanted = ['file-1:80', 'file-2:80', 'file-3:80', 'file-5:80'];
    await until(async () =>
      (await targets('file-')).length === 4 && (await theirs('files')).length === 4 ? true : null,
    );
    expect([await targets('file-'), await theirs('files')]).toEqual([wanted, wanted]);
  });

  it('a name server that is gone takes no target along, and what it says when it is back is followed', async () => {
    const before = await targets('kms.test');
    await nsd.stop();
    await until(async () => (sumOf(await agent.metrics(), 'outrider_discovery_sources_failing') === 3 ? true : null));
    expect(await targets('kms.test')).toEqual(before);
    expect(agent.said()).toMatch(/what it named before is kept.*place="?dns _web\._tcp\.kms\.test SRV/);
    nsd = await serve(['b', 'c', 'd']);
    await until(async () => ((await targets('_web._tcp')).length === 3 ? true : null));
    expect(await targets('_web._tcp')).toEqual(await dug('_web._tcp.kms.test'));
    await until(async () => (sumOf(await agent.metrics(), 'outrider_discovery_sources_failing') === 0 ? true : null));
  });
});
