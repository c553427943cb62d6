// The command lines that stand under deploy/ are run as they stand there: as user 65532 without a capability, on a root that is read-only, and ended by SIGTERM.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentPods, containerfile, deployed, manifest, podOf } from '../deploy/manifests.ts';
import { startAgent, sumOf, until } from './rig/agent.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { requireRoot, requireTools } from './rig/tools.ts';

const ADDRESS = '127.0.60.235';
/** What the manifests and the unit take away, without a cluster or systemd: rights, and a file system to write to. */
const CONFINED = [
  ...['unshare', '--mount', 'sh', '-c', 'mount -o remount,bind,ro / && exec "$@"', 'confined'],
  ...['setpriv', '--reuid=65532', '--regid=65532', '--clear-groups', '--bounding-set=-all', '--no-new-privs'],
];

interface Deployed {
  /** Of `probe`, as they stand there. */
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  /** Paths that are asked whether it lives. */
  readonly asked: readonly string[];
  /** How long it is waited for after SIGTERM. */
  readonly graceSeconds: number;
}

const { data: files = {} } = manifest('agent.yaml', 'ConfigMap');

/** What a person writes by the instructions. */
const byHand = (readme: string): Readonly<Record<string, string>> => {
  const [, text = ''] = /^printf '(.*)\\n' > \S*agent\.yml$/m.exec(deployed(readme)) ?? [];
  return { 'agent.yml': `${text}\n` };
};

const cases: readonly (readonly [string, () => Deployed])[] = [
  [
    'systemd/outrider-agent.service',
    () => {
      const unit = deployed('systemd/outrider-agent.service');
      const [, line = ''] = /^ExecStart=\/usr\/bin\/env probe (.*)$/m.exec(unit) ?? [];
      const [, seconds] = /^TimeoutStopSec=(\d+)s$/m.exec(unit) ?? [];
      const given = { files: byHand('systemd/README.md'), asked: ['/-/ready'] };
      return { ...given, args: line.split(' '), graceSeconds: Number(seconds) };
    },
  ],
  ...agentPods.map(([file, kind]): [string, () => Deployed] => [
    `kubernetes/${file}`,
    () => {
      const pod = podOf(file, kind);
      const [container] = pod.containers;
      if (container === undefined) throw new Error(`${file} has no container`);
      const { startupProbe, readinessProbe, livenessProbe, args } = container;
      return {
        ...{ args, files, graceSeconds: pod.terminationGracePeriodSeconds },
        asked: [startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet.path),
      };
    },
  ]),
  [
    'container/Containerfile',
    () => ({
      args: JSON.parse(containerfile().findLast(([name]) => name === 'CMD')?.[1] ?? '[]') as readonly string[],
      ...{ files: byHand('container/README.md'), asked: ['/-/ready'], graceSeconds: 10 },
    }),
  ],
];

describe.skipIf(!requireRoot() || !requireTools(['unshare', 'setpriv', 'mount']))('deployed', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await openRig();
  });
  afterEach(() => rig.close());

  it.each(cases)('%s starts, answers, reads its config again and ends', async (_, read) => {
    const { args, files: written, asked, graceSeconds } = read();
    for (const [name, text] of Object.entries(written)) await writeFile(join(rig.folder, name), text, { mode: 0o644 });
    const local = args
      .filter((word, at) => word !== '--listen' && args[at - 1] !== '--listen')
      .map((word) => word.replace('/etc/probe', rig.folder).replace('$(SHARD)', '1'));
    expect(local.filter((word) => word.startsWith('/') && !word.startsWith(rig.folder))).toEqual([]);
    const agent = await startAgent(rig, { args: local.slice(1), listen: ADDRESS, before: CONFINED });
    for (const path of asked) expect((await agent.get(path)).status).toBe(200);
    const series = await agent.metrics();
    expect(sumOf(series, 'outrider_config_last_reload_successful')).toBe(1);
    // The test takes away what the manifests say: user, groups, capabilities, the root.
    const status = await readFile(`/proc/${agent.pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m);
    expect(status).toMatch(/^CapEff:\t0{16}$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(await readFile(`/proc/${agent.pid}/mountinfo`, 'utf8')).toMatch(/^\d+ \d+ \S+ \S+ \/ ro,/m);
    expect(agent.said()).not.toMatch(/EACCES|EROFS|EPERM/);
    agent.signal('SIGHUP');
    await until(async () => sumOf(await agent.metrics(), 'outrider_config_reloads_total', '"taken"') > 0 || null);
    const beganMs = performance.now();
    agent.signal('SIGTERM');
    expect(await agent.ended).toEqual([0, null]);
    expect((performance.now() - beganMs) / 1000).toBeLessThan(graceSeconds);
  });
});
