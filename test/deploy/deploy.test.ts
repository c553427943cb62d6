// What stands under deploy/ is tried as far as a machine without systemd, cron and a cluster can: every command line is one that this
// program takes, the crontab line runs through sh, the unit passes systemd-analyze and the CronJob kubectl where these are there.
import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { createAuthority } from '../../src/demo/pki/authority.ts';
import { parseReceiver } from '../../src/export/certs-messages.ts';
import { runCli } from '../support/cli.ts';
import { findTool } from '../system/rig/tools.ts';

const run = promisify(execFile);
const read = (path: string): Promise<string> => readFile(`deploy/${path}`, 'utf8');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Container {
  readonly command: readonly string[];
  readonly args: readonly string[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly jobTemplate: {
      readonly spec: {
        readonly template: {
          readonly spec: {
            readonly automountServiceAccountToken: boolean;
            readonly containers: readonly (Container & {
              readonly volumeMounts: readonly { mountPath: string; name: string }[];
            })[];
            readonly volumes: readonly {
              name: string;
              configMap?: { name: string };
              secret?: { secretName: string };
            }[];
          };
        };
      };
    };
  };
}

async function manifests(): Promise<readonly Manifest[]> {
  const documents = parseAllDocuments(await read('kubernetes/probe-certs.yaml'));
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  return documents.map((document) => document.toJS() as Manifest);
}

async function podOf() {
  const spec = (await manifests()).find(({ kind }) => kind === 'CronJob')?.spec?.jobTemplate.spec.template.spec;
  if (spec === undefined) throw new Error('no CronJob');
  return spec;
}

const lineOf = (text: string, starts: RegExp): readonly string[] => {
  const found = text.split('\n').find((line) => starts.test(line)) ?? '';
  return found.slice(found.indexOf('probe certs')).split(' ').slice(1);
};

const commands: readonly (readonly [string, () => Promise<readonly string[]>])[] = [
  ['systemd', async () => lineOf(await read('systemd/probe-certs.service'), /^ExecStart=/)],
  ['cron', async () => lineOf(await read('cron/probe-certs.cron'), /^\d/)],
  ['kubernetes', async () => (await podOf()).containers[0]?.args ?? []],
];

describe.each(commands)('the command line of %s', (_, argvOf) => {
  test('is one that this program takes, and looks at the list', async () => {
    const argv = await argvOf();
    expect(argv.slice(0, 2)).toEqual(['certs', '--list']);
    const list = join(folder, 'names');
    const notify = join(folder, 'notify');
    await writeFile(list, '# nobody\n');
    await writeFile(notify, 'http://127.0.0.1:9/\n');
    const files: Readonly<Record<string, string>> = {
      '--list': list,
      '--notify-file': notify,
      '--textfile': join(folder, 'x.prom'),
    };
    const local = argv.map((word, at) => files[argv[at - 1] ?? ''] ?? word);
    const { exit, err } = await runCli(local);
    // An option that does not exist, or takes something else, would be said instead.
    expect({ exit, err }).toEqual({ exit: 64, err: expect.stringContaining('nothing to look at') as string });
  });
});

test('the crontab line runs through sh, and is silent when all is well', async () => {
  const bundle = join(folder, 'fine.pem');
  await writeFile(bundle, createAuthority('Cron', Date.now()).rootCertificate.pem);
  const probe = join(folder, 'probe');
  await writeFile(probe, `#!/bin/sh\nexec '${process.execPath}' '${resolve('src/bin.ts')}' "$@"\n`);
  await chmod(probe, 0o755);
  const argv = lineOf(await read('cron/probe-certs.cron'), /^\d/).join(' ');
  // The names of the list are nobody's: a file stands in for them.
  const line = `probe ${argv.replace('--list /etc/probe/names', `--file ${bundle}`)}`;
  const { stdout, stderr } = await run('sh', ['-c', line], { env: { PATH: `${folder}:/usr/bin:/bin` } });
  expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
});

test('the CronJob mounts what its arguments name, and no token of the cluster', async () => {
  const pod = await podOf();
  const [container] = pod.containers;
  expect(container?.command).toEqual(['probe']);
  expect(pod.automountServiceAccountToken).toBe(false);
  const all = await manifests();
  for (const [option, kind] of [
    ['--list', 'ConfigMap'],
    ['--notify-file', 'Secret'],
  ] as const) {
    const path = container?.args[container.args.indexOf(option) + 1] ?? '';
    const mount = container?.volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
    const volume = pod.volumes.find(({ name }) => name === mount?.name);
    const source = all.find(
      (one) => one.kind === kind && one.metadata.name === (volume?.configMap?.name ?? volume?.secret?.secretName),
    );
    expect(Object.keys(source?.data ?? source?.stringData ?? {})).toContain(
      path.slice((mount?.mountPath.length ?? 0) + 1),
    );
  }
});

test('the URLs that are shown are of kinds that exist', async () => {
  const secret = (await manifests()).find(({ kind }) => kind === 'Secret')?.stringData?.['notify'] ?? '';
  const shown = /echo '([^']+)' > \/etc\/probe\/notify/.exec(await read('systemd/README.md'))?.[1] ?? '';
  expect([secret.trim(), shown].map((url) => parseReceiver(url).kind)).toEqual(['alertmanager', 'alertmanager']);
});

test('the command line of the agent is one that this program takes', async () => {
  const [, line = ''] =
    /^ExecStart=\/usr\/bin\/env probe (.*)$/m.exec(await read('systemd/outrider-agent.service')) ?? [];
  const [command, option, file, ...more] = line.split(' ');
  expect([command, option, file, more]).toEqual(['serve', '--config', '/etc/probe/agent.yml', []]);
  const config = join(folder, 'agent.yml');
  await writeFile(config, 'targets: [kms.example]\n');
  expect(await runCli(['serve', '--config', config, '--check'])).toMatchObject({ exit: 0, err: '' });
});

const hasSystemd = findTool('systemd-analyze') !== null;
if (!hasSystemd) console.warn('deploy/systemd is NOT verified on this machine: no systemd-analyze');

test.skipIf(!hasSystemd)('systemd takes the units', async () => {
  const unit = join(folder, 'probe-certs.service');
  await writeFile(unit, await read('systemd/probe-certs.service'));
  const timer = join(folder, 'probe-certs.timer');
  await writeFile(timer, await read('systemd/probe-certs.timer'));
  const agent = join(folder, 'outrider-agent.service');
  await writeFile(agent, await read('systemd/outrider-agent.service'));
  const files = [unit, timer, agent];
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], { encoding: 'utf8' });
  const ours = stderr.split('\n').filter((line) => /probe-certs|outrider-agent/.test(line));
  expect({ status, ours }).toEqual({ status: 0, ours: [] });
});
