// What stands under deploy/ for the agent agrees with the agent and with itself: its config is taken, ports and names meet, nothing runs with more
// rights than it needs. That the command lines start is tried by test/system/deployed.test.ts.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { parseShard } from '../../src/agent/shard.ts';
import { runCli } from '../support/cli.ts';
import { agentPods, containerfile, deployed, type Manifest, manifest, manifests, podOf } from './manifests.ts';

const FILES = ['agent.yaml', 'agent-shards.yaml', 'agent-monitoring.yaml'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
  const { data = {} } = manifest('agent.yaml', 'ConfigMap');
  for (const [name, text] of Object.entries(data)) await writeFile(join(folder, name), text);
});
afterAll(() => rm(folder, { recursive: true }));

/** The arguments with the test's own files, and the number of a pod. */
const local = (args: readonly string[]): readonly string[] =>
  args.map((word) => word.replace('/etc/probe', folder).replace('$(SHARD)', '0'));

describe.each(agentPods)('%s: %s', (file, kind) => {
  const pod = podOf(file, kind);
  const [container] = pod.containers;
  if (container === undefined) throw new Error('no container');

  test('has a command line that this program takes, with the config that is mounted for it', async () => {
    expect(container.command).toEqual(['probe']);
    const ran = await runCli([...local(container.args), '--check']);
    expect(ran).toMatchObject({ exit: 0, err: '' });
    expect(ran.out).toMatch(/agent\.yml: \d+ targets\n.*blackbox\.yml: \d+ modules\n$/);
    const wrong = await runCli([...local(container.args), '--no-such-option', '--check']);
    expect(wrong.exit).toBe(64);
  });

  test('mounts a ConfigMap that is there, where the arguments look', () => {
    const [mount] = container.volumeMounts;
    const volume = pod.volumes.find(({ name }) => name === mount?.name);
    const { data = {}, metadata } = manifest('agent.yaml', 'ConfigMap');
    expect(volume?.configMap.name).toBe(metadata.name);
    const files = container.args.filter((word) => word.startsWith('/'));
    expect(files).toEqual(Object.keys(data).map((name) => `${mount?.mountPath}/${name}`));
    expect(mount?.readOnly).toBe(true);
  });

  test('listens on the port that it names, and is asked on paths that the agent has', () => {
    const port = container.args[container.args.indexOf('--listen') + 1];
    expect(container.ports.map(({ containerPort }) => `:${containerPort}`)).toEqual([port]);
    const { startupProbe, readinessProbe, livenessProbe } = container;
    expect([startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet)).toEqual([
      { path: '/-/ready', port: 'http' },
      { path: '/-/ready', port: 'http' },
      { path: '/-/healthy', port: 'http' },
    ]);
    const services = [...manifests('agent.yaml'), ...manifests(file)].filter((one) => one.kind === 'Service');
    for (const { spec } of services) expect(spec.ports).toEqual([{ name: 'http', port: 9115, targetPort: 'http' }]);
  });

  test('runs as nobody, without rights, on a root that is read-only, and waits longer than the agent drains', () => {
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65_532, runAsGroup: 65_532 });
    expect(pod.securityContext['seccompProfile']).toEqual({ type: 'RuntimeDefault' });
    expect(container.securityContext).toEqual({
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    });
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(10);
    expect(Object.keys(container.resources)).toEqual(['requests', 'limits']);
    // Safe without the cluster's permission (Kubernetes, sysctls): those of its own network, and this is one.
    expect(pod.securityContext['sysctls']).toEqual([{ name: 'net.ipv4.ping_group_range', value: '0 65535' }]);
  });

  test('is selected by what selects it', () => {
    const { spec } = manifest(file, kind);
    const { labels } = spec.template.metadata;
    expect(spec.selector.matchLabels).toEqual(labels);
    const all = [...manifests('agent.yaml'), ...manifests(file)];
    for (const one of all.filter((each) => each.kind === 'Service')) expect(one.spec.selector).toEqual(labels);
    expect(manifest('agent.yaml', 'NetworkPolicy').spec.podSelector.matchLabels).toEqual(labels);
  });
});

test('the shards are as many as there are pods, by the number of each, and the names of the pods lead to them', () => {
  const { spec } = manifest('agent-shards.yaml', 'StatefulSet');
  const [container] = podOf('agent-shards.yaml', 'StatefulSet').containers;
  const share = container?.args[container.args.indexOf('--shard') + 1] ?? '';
  const [variable] = container?.env ?? [];
  expect(share).toBe(`$(${variable?.name})/${spec.replicas}`);
  expect(variable?.valueFrom.fieldRef.fieldPath).toBe("metadata.labels['apps.kubernetes.io/pod-index']");
  expect(parseShard(share.replace(/\$\(\w+\)/, String(spec.replicas - 1))).of).toBe(spec.replicas);
  const headless = manifest('agent-shards.yaml', 'Service');
  expect([headless.metadata.name, headless.spec.clusterIP]).toEqual([spec.serviceName, 'None']);
  const probe = manifest('agent-shards.yaml', 'Probe').spec;
  expect(probe.prober.url).toBe(`outrider-0.${spec.serviceName}:9115`);
  const [hash, keep] = probe.targets.staticConfig.relabelingConfigs;
  expect(hash).toEqual({
    ...{ sourceLabels: ['__param_target'], modulus: spec.replicas, action: 'hashmod' },
    targetLabel: keep?.sourceLabels[0],
  });
  expect(keep).toMatchObject({ regex: '0', action: 'keep' });
});

test('the operator scrapes the Service under the name that the rules know, and no Service twice', () => {
  const monitor = manifest('agent-monitoring.yaml', 'ServiceMonitor').spec;
  const services = FILES.flatMap(manifests).filter((one) => one.kind === 'Service');
  const [label, value] = Object.entries(monitor.selector.matchLabels)[0] ?? ['', ''];
  expect(
    services.filter(({ metadata }) => metadata.labels?.[label] === value).map(({ metadata }) => metadata.name),
  ).toEqual(['outrider']);
  expect(monitor.jobLabel).toBe(label);
  expect(deployed('prometheus/rules.yml')).toContain(`up{job="${value}"}`);
  expect(monitor.endpoints).toMatchObject([{ port: 'http', path: '/metrics' }]);
});

const probes = FILES.flatMap(manifests).filter(({ kind }) => kind === 'Probe');
test.each(probes.map((one): [string, Manifest] => [one.metadata.name, one]))(
  'the Probe %s asks for a module that is there',
  (_, { spec }) => {
    const { data = {} } = manifest('agent.yaml', 'ConfigMap');
    expect(data['blackbox.yml']).toContain(`\n  ${spec.module}:\n`);
    expect(spec.prober.path).toBe('/probe');
    expect(spec.prober.url).toMatch(/^outrider(?:-0\.outrider-shards)?:9115$/);
  },
);

describe('the Containerfile', () => {
  const steps = containerfile();
  const last = (instruction: string): string => steps.findLast(([name]) => name === instruction)?.[1] ?? '';

  test('takes a Node that the program takes, and copies from a stage that is there what the package has', () => {
    const stages = steps.filter(([name]) => name === 'FROM').map(([, words]) => words);
    const [build, image] = stages.map((words) => /^docker\.io\/library\/node:(\d+)-slim(?: AS (\w+))?$/.exec(words));
    const least = Number(/\d+/.exec(packageJson.engines.node)?.[0]);
    expect([build?.[1], image?.[1]].map(Number)).toEqual([least, least]);
    const copied = steps.flatMap(([name, words]) => {
      const [, from, source, to] = /^--from=(\w+) (\S+) (\S+)$/.exec(name === 'COPY' ? words : '') ?? [];
      return from === undefined ? [] : [[from, source?.replace('/src/', ''), to?.replace('/opt/outrider/', '')]];
    });
    expect(copied).toEqual(['package.json', 'node_modules', 'schema', 'dist'].map((path) => [build?.[2], path, path]));
  });

  test('starts the program as nobody, on the port that it names', async () => {
    expect(last('USER')).toBe('65532:65532');
    const link = /^ln -s (\S+) (\S+)$/.exec(last('RUN'));
    expect(link?.[1]).toBe(`/opt/outrider/${packageJson.bin.probe}`);
    expect(JSON.parse(last('ENTRYPOINT'))).toEqual([link?.[2]]);
    const args = JSON.parse(last('CMD')) as readonly string[];
    expect(await runCli([...local(args), '--check'])).toMatchObject({ exit: 0, err: '' });
    expect(args.at(-1)).toBe(`:${last('EXPOSE')}`);
    expect(steps.findIndex(([name]) => name === 'USER')).toBeGreaterThan(
      steps.findLastIndex(([name]) => name === 'RUN'),
    );
  });
});
