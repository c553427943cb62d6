// Owns the tests of what is read of dependencies: health documents of every kind, declared dependencies on real servers, signs of kept answers.
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { flatten } from '../../../src/journey/flatten.ts';
import { wireText } from '../../../src/model/text.ts';
import { tracesOn } from '../../../test/support/traces.ts';
import { options as defaults } from '../defaults.ts';
import { readHealth } from '../health-document.ts';
import { judgement } from '../judgement.ts';
import { accessOptions } from '../options.ts';
import { section } from '../section.ts';
import { stalenessOf } from '../staleness.ts';
import { endServers, gathered, serve, stopOn } from './served.ts';

afterEach(endServers);

const json = wireText('application/json');
type Row = readonly [source: string, type: string, body: string, expected: object | null];
const documents: readonly Row[] = [
  [
    'draft-inadarei-api-health-check-06: measurements of each name, the worst counts',
    'application/health+json',
    '{"status":"warn","checks":{"cassandra:responseTimes":[{"status":"pass"},{"status":"fail"}],"uptime":[{"componentType":"system","status":"pass"}]}}',
    {
      format: 'health+json',
      state: 'degraded',
      dependencies: [
        { name: 'cassandra:responseTimes', state: 'down' },
        { name: 'uptime', state: 'up' },
      ],
    },
  ],
  [
    'Spring Boot actuator, nested',
    'application/vnd.spring-boot.actuator.v3+json',
    '{"status":"DOWN","components":{"db":{"status":"DOWN","details":{"error":"x"}},"broker":{"status":"UP","components":{"us1":{"status":"UP","details":{"version":"1.0.2"}}}}}}',
    {
      format: 'spring',
      state: 'down',
      dependencies: [
        { name: 'db', state: 'down' },
        { name: 'broker', state: 'up' },
        { name: 'broker/us1', state: 'up' },
      ],
    },
  ],
  [
    'ASP.NET health checks',
    'application/json',
    '{"status":"Degraded","entries":{"sql":{"status":"Healthy"},"redis":{"status":"Unhealthy"}}}',
    {
      format: 'aspnet',
      state: 'degraded',
      dependencies: [
        { name: 'sql', state: 'up' },
        { name: 'redis', state: 'down' },
      ],
    },
  ],
  [
    'Kubernetes /readyz?verbose',
    'text/plain',
    '[+]ping ok\n[-]etcd failed: reason withheld\n[+]poststarthook/start ok\nreadyz check failed\n',
    {
      format: 'kubernetes',
      state: 'down',
      dependencies: [{ name: 'ping', state: 'up' }, { name: 'etcd', state: 'down', says: 'failed' }, {}],
    },
  ],
  [
    'Terminus (NestJS): each part told twice',
    'application/json',
    '{"status":"error","info":{"a":{"status":"up"}},"error":{"b":{"status":"down"}},"details":{"a":{"status":"up"},"b":{"status":"down"}}}',
    {
      state: 'down',
      dependencies: [
        { name: 'a', state: 'up' },
        { name: 'b', state: 'down' },
      ],
    },
  ],
  [
    'by hand: a list, words and booleans',
    'application/json',
    '{"ok":true,"dependencies":[{"name":"db","status":"ok"},{"name":"mail","healthy":false}],"services":{"cache":"green","version":"1.2"}}',
    {
      state: 'up',
      dependencies: [
        { name: 'db', state: 'up' },
        { name: 'mail', state: 'down' },
        { name: 'cache', state: 'up' },
      ],
    },
  ],
  ['one word', 'text/plain', 'OK\n', { state: 'up', dependencies: [] }],
  ['a web page', 'text/html', '<html><body>Welcome</body></html>', null],
  ['another document', 'application/json', '{"hello":"world"}', null],
  ['nothing', 'text/plain', '', null],
];

test.each(documents)('%s', (_, type, body, expected) => {
  const read = readHealth(wireText(type), body);
  if (expected === null) expect(read).toBeNull();
  else expect(read).toMatchObject(expected);
});

test('whatever the document, what is read is bounded and states are among those known', () => {
  const key = fc.constantFrom('status', 'checks', 'components', 'details', 'name', '__proto__', 'entries', 'x');
  const tree = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.string(),
      fc.boolean(),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(key, tie('value')),
    ),
  })).value;
  fc.assert(
    fc.property(tree, (value) => {
      const read = readHealth(json, JSON.stringify(value) ?? '');
      expect(read?.dependencies.length ?? 0).toBeLessThanOrEqual(64);
      for (const { name } of read?.dependencies ?? []) expect(JSON.stringify(name).length).toBeLessThan(800);
    }),
  );
  const wide = {
    status: 'up',
    checks: Object.fromEntries(Array.from({ length: 9000 }, (_, at) => [`c${at}`, 'down'])),
  };
  expect(readHealth(json, JSON.stringify(wide))?.dependencies).toHaveLength(64);
});

test('well-known paths are asked in turn until one speaks of health', async () => {
  const asked: string[] = [];
  const endpoint = await serve(({ url = '' }, response) => {
    asked.push(url);
    if (url === '/healthz') response.writeHead(503).end('{"status":"DOWN","components":{"db":{"status":"DOWN"}}}');
    else response.writeHead(404).end('no such page');
  });
  const { value } = await gathered(endpoint, { ...defaults, preflight: false, health: true });
  expect(asked).toEqual(['/health', '/healthz']);
  expect(value.health).toMatchObject({
    path: '/healthz',
    tried: 2,
    status: 503,
    dependencies: [{ name: 'db', state: 'down' }],
  });
});

test.each(['//other.example/x', '/\\other.example', 'health', '/a b'])('%j is no path', (health) => {
  expect(accessOptions.safeParse({ health }).success).toBe(false);
});

describe('declared dependencies', () => {
  const given = { policy: { remainingShare: 0.1 }, asOfMs: 0, target: undefined as never, endpoints: [], hops: [] };
  test('are ridden, and one that is down while the target answers is graceful degradation', async () => {
    const endpoint = await serve((_, response) => void response.end('target'));
    const cookies = new Set<string | undefined>();
    const well = await serve(({ headers }, response) => {
      cookies.add(headers['x-key'] as string | undefined);
      response.writeHead(401).end();
    });
    const gone = await serve(() => undefined);
    await stopOn(gone.port);
    const declared = [
      {
        name: 'queue',
        target: `http://127.0.0.1:${well.port}/?key=canary`,
        dependsOn: [`http://kms.example:${endpoint.port}/keys`],
      },
      { name: 'database', target: `http://127.0.0.1:${gone.port}/` },
    ];
    const options = accessOptions.parse({ preflight: false, dependsOn: declared });
    const request = { method: 'GET', headers: [['X-Key', 'mine']], body: null } as const;
    const { value } = await gathered(endpoint, options, [{ status: 200 }], request);
    expect(value.dependencies).toMatchObject([
      { name: 'queue', state: 'up', asked: 3, answered: 3, statuses: { 401: 3 }, parent: null },
      { state: 'cycle', asked: 0, parent: 0, depth: 2 },
      { name: 'database', state: 'down', problem: 'refused', parent: null },
    ]);
    expect([...cookies]).toEqual([undefined]);
    expect(JSON.stringify([value, section(value)])).not.toContain('canary');
    expect(flatten(judgement.answer(value, given).summary)).toContain(
      'Down: database; the target answers all the same: graceful degradation observed.',
    );
  });

  test('are at most sixteen', async () => {
    const endpoint = await serve((_, response) => void response.end());
    const dependsOn = Array.from({ length: 10 }, () => ({
      target: `http://127.0.0.1:${endpoint.port}/a`,
      dependsOn: [`http://127.0.0.1:${endpoint.port}/b`],
    }));
    const { value } = await gathered(endpoint, accessOptions.parse({ preflight: false, dependsOn }));
    expect(value.dependencies).toHaveLength(16);
  });

  test.each([
    ['not a host!'],
    [{ target: 'a', nam: 'b' }],
    [{ target: 'a', dependsOn: [{ target: 'b', dependsOn: [{ target: 'c', dependsOn: ['d'] }] }] }],
  ])('%j is refused', (one) => {
    expect(accessOptions.safeParse({ dependsOn: [one] }).success).toBe(false);
  });
});

test.each<[string, readonly (readonly [string, string])[], object]>([
  ['Warning', [['Warning', '110 cache "Response is Stale"']], { stale: 1 }],
  ['nginx', [['X-Cache-Status', 'STALE']], { stale: 1 }],
  ['RFC 9211', [['Cache-Status', 'edge; hit; fwd=stale']], { stale: 1 }],
  [
    'Age',
    [
      ['Age', '120'],
      ['Cache-Control', 'max-age=60, stale-if-error=600'],
    ],
    { stale: 1, staleIfErrorSeconds: 600 },
  ],
  [
    'fresh',
    [
      ['Age', '20'],
      ['Cache-Control', 'max-age=60, stale-while-revalidate=30'],
    ],
    { stale: 0, staleWhileRevalidateSeconds: 30 },
  ],
  ['a marker', [['X-Kms-Degraded', 'db']], { stale: 0, markers: ['X-Kms-Degraded'] }],
  ['nothing', [['X-Cache', 'HIT']], { stale: 0, markers: [] }],
])('a kept answer is told by %s', async (_, headers, expected) => {
  const endpoint = await serve((__, response) => void response.end());
  const answers = tracesOn(endpoint, [{ headers }]).flatMap(({ http }) => http ?? []);
  expect(stalenessOf(answers)).toMatchObject(expected);
});
