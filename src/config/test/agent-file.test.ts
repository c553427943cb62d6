// Owns the tests of the agent's file: what it comes to, the line of each mistake, and that no secret is shown.
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../model/usage-error.ts';
import { readAgentFile } from '../agent/agent-file.ts';
import { readDiscovered } from '../agent/discovered.ts';
import { maskedConfig } from '../agent/masked.ts';

const CANARY = 'canary-51d0';
const files: Readonly<Record<string, string>> = {
  '/etc/outrider/key': `${CANARY}-file\n`,
  '/etc/outrider/keys.yaml': 'target: https://keys.example/\nsamples: 3\ntimeout: 1s\n',
};
const sources = {
  probes: [],
  env: { TOKEN: `${CANARY}-env` },
  readBytes: (path: string): Promise<Uint8Array> =>
    files[path] === undefined
      ? Promise.reject(new UsageError(`cannot read ${path}`))
      : Promise.resolve(Buffer.from(files[path])),
};
const BOUNDS = { most: 100, keep: {}, meta: {} };
const read = (text: string) => readAgentFile(text, '/etc/outrider/agent.yml', sources);

test("confirm is the schedule's, over it the target's own", async () => {
  const file = await read(`
schedule: { interval: 30s, confirm: 2 }
targets:
  - a.example
  - { target: b.example, confirm: { after: 3s } }
  - { target: c.example, confirm: 0 }
  - { target: d.example, module: m, confirm: { times: 3 } }
`);
  expect(file.targets.map(({ confirm }) => confirm)).toEqual([
    { times: 2, afterMs: 500 },
    { times: 1, afterMs: 3000 },
    null,
    { times: 3, afterMs: 500 },
  ]);
  expect((await read('targets: [a.example]')).targets[0]?.confirm).toBeNull();
});

test.each([
  ['schedule: { confirm: 6 }\ntargets: [a.example]', 'agent.yml:1: schedule.confirm'],
  ['targets:\n  - { target: a.example, confirm: often }', 'agent.yml:2: confirm: a number of times'],
  ['targets:\n  - { target: a.example, confirm: { time: 1 } }', 'agent.yml:2: confirm'],
  [
    'targets:\n  - { target: a.example, interval: 5s, confirm: { times: 2, after: 3s } }',
    'the pauses alone take the 4.5s',
  ],
  ['defaults: { confirm: 1 }\ntargets: [a.example]', 'agent.yml:1: "confirm" is a target\'s own'],
])('%j is refused', async (text, words) => {
  await expect(read(text)).rejects.toThrow(words);
});

test('targets get the defaults, over them the file of a journey, over both their own keys', async () => {
  const file = await read(`
schedule: { interval: 30s, jitter: 3s, concurrency: 8 }
labels: { service: kms, env: test }
defaults:
  samples: 6
  rate: 20
  request: { headers: { X-Key: { file: key } } }
targets:
  - kms.example?token=1
  - target: https://kms.example/
    name: front
    labels: { env: prod }
    interval: 5s
    jitter: 1s
    samples: 2
  - journey: keys.yaml
    rate: 1
`);
  expect({ concurrency: file.concurrency, history: file.history }).toEqual({ concurrency: 8, history: 200 });
  expect(file.targets).toMatchObject([
    {
      ...{ name: 'kms.example', labels: { service: 'kms', env: 'test' }, intervalMs: 30_000, jitterMs: 3000 },
      journey: { target: 'kms.example?token=1', options: { samples: '6', rate: '20' } },
    },
    {
      ...{ name: 'front', labels: { service: 'kms', env: 'prod' }, intervalMs: 5000, jitterMs: 1000 },
      journey: { options: { samples: '2', rate: '20' } },
    },
    {
      ...{ name: 'https://keys.example/', place: '/etc/outrider/agent.yml:16' },
      journey: { target: 'https://keys.example/', options: { samples: '3', rate: '1', timeout: '1s' } },
    },
  ]);
  const headers = file.targets.map((target) =>
    target.module === null ? target.journey.request?.headers?.map(([name, value]) => [name, value.open()]) : null,
  );
  expect(headers).toEqual([0, 1, 2].map(() => [['X-Key', `${CANARY}-file`]]));
});

test('targets that others name get the labels of their group, and the defaults', async () => {
  const file = await read(`
labels: { service: kms, env: test }
defaults: { samples: 6 }
discover: { files: [named.json], http: ['http://127.0.0.1/targets'], refresh: 5s }
`);
  expect(file.discover).toMatchObject({
    files: [{ pattern: '/etc/outrider/named.json', refreshMs: 5000 }],
    http: [{ url: 'http://127.0.0.1/targets', refreshMs: 5000, caFile: null }],
  });
  const text =
    '[{"targets":["a.example","b.example?k=1"],"labels":{"env":"prod","__meta_x":"gone"}},\n{"targets":["c.example"]}]';
  const found = await readDiscovered(text, 'named.json', BOUNDS);
  expect(found.map(({ place }) => place)).toEqual(['named.json:1', 'named.json:1', 'named.json:2']);
  const targets = await Promise.all(found.map((one) => file.discover.targetOf(one)));
  expect(targets).toMatchObject([
    { name: 'a.example', labels: { service: 'kms', env: 'prod' }, journey: { options: { samples: '6' } } },
    { name: 'b.example', labels: { service: 'kms', env: 'prod' }, journey: { target: 'b.example?k=1' } },
    { name: 'c.example', labels: { service: 'kms', env: 'test' } },
  ]);
  expect(Object.keys(targets[0]?.labels ?? {})).toHaveLength(2);
});

const MODULES = `modules:
  http_2xx: { prober: http, timeout: 5s }
  dial: &dial
    prober: tcp
`;

test('a module goes to targets in place of a journey, its own or that of the defaults', async () => {
  const text = `schedule: { interval: 15s, moduleConcurrency: 900 }
labels: { service: kms }
${MODULES}defaults: { samples: 6, module: http_2xx }
metrics: { window: 30m, without: [probe_dns_*] }
targets:
  - a.example
  - { target: 'a.example:443', name: a.example, module: dial, interval: 5s }
  - { target: b.example, module: journey }
  - journey: keys.yaml
discover: { files: [named.json] }
`;
  const file = await read(text);
  const common = { labels: { service: 'kms' }, intervalMs: 15_000, jitterMs: 0 };
  expect(file.targets).toMatchObject([
    { ...common, name: 'a.example', module: 'http_2xx', target: 'a.example', place: '/etc/outrider/agent.yml:10' },
    { name: 'a.example', module: 'dial', target: 'a.example:443', intervalMs: 5000 },
    { name: 'b.example', module: null, journey: { options: { samples: '6' } } },
    { module: null, journey: { target: 'https://keys.example/', options: { samples: '3' } } },
  ]);
  expect(file.moduleConcurrency).toBe(900);
  expect(file.metrics).toEqual({ windowMs: 1_800_000, without: ['probe_dns_*'] });
  // The lines of the file, and nothing else of it.
  expect(file.modules?.text.split('\n').slice(2, 6)).toEqual(MODULES.trimEnd().split('\n').slice(0, 4));
  expect(file.modules?.text).not.toContain('kms');
  expect([file.modules?.place(), file.modules?.place('dial')]).toEqual(
    [3, 5].map((line) => `/etc/outrider/agent.yml:${line}`),
  );
  const named = '[{"targets":["c.example"]},{"targets":["d.example"],"labels":{"__param_module":"dial"}}]';
  const found = await readDiscovered(named, 'named.json', BOUNDS);
  expect(await Promise.all(found.map((one) => file.discover.targetOf(one)))).toMatchObject([
    { name: 'c.example', module: 'http_2xx', target: 'c.example', intervalMs: 15_000, labels: { service: 'kms' } },
    { name: 'd.example', module: 'dial', target: 'd.example' },
  ]);
});

test.each([
  ['{"targets":["a"]}', 'named.json'],
  ['[{"targets":"a"}]', 'named.json:1: 0.targets: a list of targets is wanted'],
  ['[{"targets":["a"],"label":{}}]', 'no key is called "label"'],
  ['[{"targets":["a"],\n"labels":{"zone":"a"}}]', 'named.json:2: zone: the metrics have a label'],
  ['[{"targets":["a"]', 'named.json'],
  ['- &a [*a]', 'named.json'],
])('what others name is refused where it is wrong: %s', async (text, says) => {
  const error: unknown = await readDiscovered(text, 'named.json', BOUNDS).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect((error as UsageError).message).toContain(says);
});

describe('mistakes are told with their line', () => {
  test.each([
    ['a list', '- kms.example', 'agent.yml: the agent'],
    ['no targets', 'labels: { a: b }', 'agent.yml: targets'],
    ['no URL', 'discover:\n  http: [nowhere]\n', 'agent.yml:2: url: not an http or https URL'],
    ['an empty list of targets', 'targets: []', 'agent.yml:1: targets: no target is given'],
    ['a mistyped key', 'targest: [a]\n', 'agent.yml:1: no key is called "targest"'],
    [
      'a mistyped key of a target',
      'targets:\n  - target: a.example\n    sample: 3\n',
      'agent.yml:3: no key is called "sample"',
    ],
    [
      'a mistyped key of the defaults',
      'defaults:\n  sample: 3\ntargets: [a.example]\n',
      'agent.yml:2: no key is called "sample"',
    ],
    ['a wrong value of the defaults', 'defaults:\n  rate: 0\ntargets: [a.example]\n', 'agent.yml:2: rate:'],
    ['a name among the defaults', 'defaults:\n  name: a\ntargets: [a.example]\n', 'agent.yml:2: "name" is a target'],
    ['a target without one', 'targets:\n  - samples: 3\n', 'agent.yml:2: no target is given'],
    [
      'the same target twice',
      'targets:\n  - a.example\n  - a.example\n',
      'agent.yml:3: a target called "a.example" is already at /etc/outrider/agent.yml:2',
    ],
    [
      'no duration',
      'schedule:\n  interval: often\ntargets: [a.example]\n',
      'agent.yml:2: schedule.interval: write a number and a unit',
    ],
    [
      'a load test',
      'schedule:\n  interval: 50ms\ntargets: [a.example]\n',
      'agent.yml:1: an interval of less than 100ms',
    ],
    [
      'a jitter as long as the interval',
      'targets:\n  - target: a.example\n    interval: 5s\n    jitter: 5s\n',
      'agent.yml:3: the jitter',
    ],
    [
      'a label of the metrics',
      'labels:\n  zone: a\ntargets: [a.example]\n',
      'agent.yml:2: labels.zone: the metrics have a label of that name',
    ],
    [
      'a label of Prometheus',
      'labels:\n  __a: a\ntargets: [a.example]\n',
      'agent.yml:2: labels.__a: labels that begin with __',
    ],
    [
      'a label that is a number',
      'labels:\n  a: 1\ntargets: [a.example]\n',
      'agent.yml:2: labels.a: a label value is text',
    ],
    [
      'a key of a journey beside a module',
      'targets:\n  - target: a.example\n    module: dial\n    samples: 3\n',
      'agent.yml:4: "samples" is no key of a target with a module',
    ],
    [
      'a journey beside a module',
      'targets:\n  - journey: keys.yaml\n    module: dial\n',
      'agent.yml:2: "journey" is no key of a target with a module',
    ],
    ['a module without a target', 'targets:\n  - module: dial\n', 'agent.yml:2: no target is given'],
    [
      'the same target and module twice',
      'targets:\n  - { target: a, module: dial }\n  - { target: a, module: dial }\n',
      'agent.yml:3: a target called "a" is already at',
    ],
    ['a module that is no name', 'defaults:\n  module: 3\ntargets: [a]\n', 'agent.yml:2: defaults.module: a name'],
    [
      'a window of a moment',
      'metrics:\n  window: 5s\ntargets: [a]\n',
      'agent.yml:2: metrics.window: a minute to a day',
    ],
    [
      'a family of nobody’s',
      'metrics:\n  without: [go_*]\ntargets: [a]\n',
      'agent.yml:2: metrics.without.0: families of targets begin with',
    ],
    ['modules that are a list', 'modules: [a]\ntargets: [a]\n', 'agent.yml:1: modules:'],
    ['a journey file that is not there', 'targets:\n  - journey: gone.yaml\n', 'cannot read /etc/outrider/gone.yaml'],
    [
      'a variable that is not there',
      'targets:\n  - target: a.example\n    request: { body: "${GONE}" }\n',
      'agent.yml:3: the environment has no variable GONE',
    ],
  ])('%s', async (_, text, says) => {
    const error: unknown = await read(text).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toContain(says);
  });
});

test('the config is shown without what may be a secret', async () => {
  const shown = await maskedConfig(
    `defaults:
  request:
    headers: { Authorization: Bearer ${CANARY}, X-Named: 'Bearer \${TOKEN}', X-Filed: { file: key }, X-Mixed: '${CANARY} \${TOKEN}' }
    json: { deep: [{ key: ${CANARY} }, 7] }
modules:
  a: { prober: http, http: { basic_auth: { password: ${CANARY} }, authorization: { credentials: ${CANARY} }, bearer_token: ${CANARY}, oauth2: { client_secret: ${CANARY} }, http_headers: { X-A: { secrets: [${CANARY}] } }, proxy_connect_header: { A: [${CANARY}] }, proxy_url: 'http://me:${CANARY}@proxy' } }
  b: { prober: tcp, tcp: { query_response: [{ send: 'PASS ${CANARY}' }], tls_config: { cert: here, key: ${CANARY}, key_file: /k } } }
  c: { prober: http, http: { headers: {}, tls_config: { KEY: "-----BEGIN PRIVATE KEY-----\\n${CANARY}" } } }
labels: { a: "-----BEGIN RSA PRIVATE KEY-----\\n${CANARY}" }
targets: ['https://me:${CANARY}@kms.example/?key=${CANARY}', 'kms.example/health?key=${CANARY}', 'kms:443?${CANARY}', { target: '[::1]:443/?k=${CANARY}' }, { target: kms.example, request: { body: ${CANARY} } }]
`,
    'agent.yml',
  );
  expect(shown).not.toContain(CANARY);
  for (const kept of [
    'Bearer ${TOKEN}',
    'file: key',
    'key_file: /k',
    '//<secret>@kms.example/?<secret>',
    'kms.example/health?<secret>',
  ])
    expect(shown).toContain(kept);
  expect(shown).not.toContain('7');
});
