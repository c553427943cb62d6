// Holds rules by name end to end: a real agent, a real DNS server of its own, real HTTP servers; targets, aliases, redirects, Host, proxies, and a name
// that means another address the second time.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probes } from '../../../probes/index.ts';
import { type CapturedIo, captureIo } from '../../../test/support/cli.ts';
import { runCommand } from '../../cli/program.ts';
import { REAL_WORLD } from '../../cli/surroundings.ts';
import { reply, startServer, type TestServer } from '../../net/dns/test/servers.ts';
import { urlOf } from './running.ts';

const TOKEN = '0123456789abcdef0123';
const MODULES = `
modules:
  web: { prober: http, timeout: 5s, http: { preferred_ip_protocol: ip4, ip_protocol_fallback: false } }
  line: { prober: tcp, timeout: 5s, tcp: { preferred_ip_protocol: ip4 } }
  proxied: { prober: http, timeout: 5s, http: { proxy_url: 'http://127.0.0.1:1', skip_resolve_phase_with_proxy: true } }
`;
const ALIASES: Readonly<Record<string, string>> = {
  'alias.example': 'middle.example',
  'middle.example': 'db.corp.example',
  'fine.example': 'web.example',
};
const HOSTS = new Set(['web.example', 'db.corp.example', 'corp.example', 'other.example', 'both.example']);

let web: Server;
let port: number;
let dns: TestServer;
let folder: string;
let lookups = 0;
beforeAll(async () => {
  web = createServer((request, response) => {
    const to = new URL(request.url ?? '/', 'http://here').searchParams.get('to');
    if (to === null) response.end('here');
    else response.writeHead(302, { location: to }).end();
  });
  await new Promise<void>((resolve) => {
    web.listen(0, '127.0.0.1', resolve);
  });
  port = (web.address() as AddressInfo).port;
  dns = await startServer((asked) => {
    const answers = [];
    let at = asked.name;
    for (; ALIASES[at] !== undefined; at = ALIASES[at] ?? '')
      answers.push({ type: 'CNAME' as const, name: at, ttl: 0, data: ALIASES[at] ?? '' });
    if (at === 'both.example' && asked.type === 'AAAA')
      return reply(asked, { answers: [{ type: 'AAAA', name: at, ttl: 0, data: '::1' }] });
    if (asked.type !== 'A') return reply(asked, { answers });
    // Public the first time, the metadata service from then on.
    if (at === 'rebound.example') {
      const data = lookups++ === 0 ? '127.0.0.1' : '169.254.169.254';
      return reply(asked, { answers: [{ type: 'A', name: at, ttl: 0, data }] });
    }
    if (HOSTS.has(at)) answers.push({ type: 'A' as const, name: at, ttl: 0, data: '127.0.0.1' });
    return reply(asked, { answers, ...(answers.length === 0 ? { rcode: 'NXDOMAIN' as const } : {}) });
  });
  folder = await mkdtemp(join(tmpdir(), 'names-'));
  await writeFile(join(folder, 'modules.yml'), MODULES);
  await writeFile(join(folder, 'tokens'), `ops ${TOKEN}\n`);
});
afterAll(async () => {
  web.close();
  await dns[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function withAgent<T>(rules: readonly string[], use: (url: string, io: CapturedIo) => Promise<T>): Promise<T> {
  const io = captureIo();
  const files = ['--blackbox-config', join(folder, 'modules.yml'), '--token-file', join(folder, 'tokens')];
  const ended = runCommand(['serve', '--listen', '127.0.0.1:0', ...files, ...rules], {
    ...{ io, probes, version: '0', surroundings: { ...REAL_WORLD, resolvers: [dns.server] } },
  });
  try {
    return await use(await urlOf(io), io);
  } finally {
    io.interrupt();
    await ended;
  }
}

const probed = async (agent: string, query: Readonly<Record<string, string>>): Promise<string> => {
  const text = await (await fetch(`${agent}/probe?${new URLSearchParams(query).toString()}`)).text();
  const failure = /^probe_failure_info\{[^}]*reason="([^"]*)"/m.exec(text)?.[1];
  return failure ?? (text.includes('\nprobe_success 1\n') ? 'success' : text.trim());
};

test.each<[what: string, rules: readonly string[], target: string, outcome: string]>([
  ['a name that nobody denied', ['--deny', '*.corp.example'], 'http://web.example:PORT/', 'success'],
  ['a denied name', ['--deny', 'web.example'], 'http://web.example:PORT/', 'not-allowed'],
  ['in capitals, with its final dot', ['--deny', 'web.example'], 'http://WEB.example.:PORT/', 'not-allowed'],
  ['below a denied one', ['--deny', '*.corp.example'], 'http://db.corp.example:PORT/', 'not-allowed'],
  ['which is not below itself', ['--deny', '*.corp.example'], 'http://corp.example:PORT/', 'success'],
  ['an alias of it', ['--deny', '*.corp.example'], 'http://alias.example:PORT/', 'not-allowed'],
  ['an alias on the way', ['--deny', 'middle.example'], 'http://alias.example:PORT/', 'not-allowed'],
  ['another alias', ['--deny', '*.corp.example'], 'http://fine.example:PORT/', 'success'],
  [
    'a redirect to it',
    ['--deny', '*.corp.example'],
    'http://web.example:PORT/?to=http://db.corp.example:PORT/',
    'not-allowed',
  ],
  [
    'a redirect to an alias',
    ['--deny', '*.corp.example'],
    'http://web.example:PORT/?to=http://alias.example:PORT/',
    'not-allowed',
  ],
  [
    'a redirect elsewhere',
    ['--deny', '*.corp.example'],
    'http://web.example:PORT/?to=http://fine.example:PORT/',
    'success',
  ],
  ['an allowed name', ['--allow', 'web.example'], 'http://web.example:PORT/', 'success'],
  ['a name that is not', ['--allow', 'web.example'], 'http://other.example:PORT/', 'not-allowed'],
  ['its address', ['--allow', 'web.example'], 'http://127.0.0.1:PORT/', 'not-allowed'],
  [
    'a redirect to what is not',
    ['--allow', 'web.example'],
    'http://web.example:PORT/?to=http://other.example:PORT/',
    'not-allowed',
  ],
  [
    'a redirect to its address',
    ['--allow', 'web.example'],
    'http://web.example:PORT/?to=http://127.0.0.2:PORT/',
    'not-allowed',
  ],
  [
    'a name or a network',
    ['--allow', 'web.example', '--allow', '127.0.0.0/8'],
    'http://other.example:PORT/',
    'success',
  ],
  [
    'an allowed name in a denied network',
    ['--allow', 'web.example', '--deny', '127.0.0.0/8'],
    'http://web.example:PORT/',
    'not-allowed',
  ],
])('%s', async (_, rules, target, outcome) => {
  const url = target.replaceAll('PORT', String(port));
  expect(await withAgent(rules, (agent) => probed(agent, { module: 'web', target: url }))).toBe(outcome);
});

test('whatever the prober, and whatever Host or server name a caller wants to be said', async () => {
  const to = `web.example:${port}`;
  await withAgent(['--deny', '*.corp.example'], async (agent) => {
    expect(await probed(agent, { module: 'line', target: to })).toBe('success');
    expect(await probed(agent, { module: 'line', target: `alias.example:${port}` })).toBe('not-allowed');
    expect(await probed(agent, { module: 'web', target: to, hostname: 'db.corp.example' })).toContain(
      'is denied by --deny',
    );
    expect(await probed(agent, { module: 'web', target: to, hostname: 'db.corp.example:80' })).toContain(
      'is denied by',
    );
    expect(await probed(agent, { module: 'web', target: to, addresses: 'all' })).toBe('success');
    expect(await probed(agent, { module: 'web', target: `alias.example:${port}`, addresses: 'all' })).toBe(
      'not-allowed',
    );
    expect(await probed(agent, { module: 'proxied', target: 'http://db.corp.example/' })).toBe('not-allowed');
    // Nothing listens there: it was tried.
    expect(await probed(agent, { module: 'proxied', target: 'http://web.example/' })).toBe('proxy');
  });
});

test('who owns an allowed name gains nothing by letting it mean another address', async () => {
  lookups = 0;
  const query = { module: 'web', target: `http://rebound.example:${port}/` };
  await withAgent(['--allow', '*.example'], async (agent) => {
    expect(await probed(agent, query)).toBe('success');
    expect(await probed(agent, query)).toBe('not-allowed');
  });
});

test.each([
  ['db.corp.example', 403, 'denied by --deny *.corp.example'],
  ['alias.example', 403, 'alias.example leads elsewhere: db.corp.example is denied'],
  ['gone.example', 400, 'gone.example has no address'],
  ['web.example', 202, ''],
])('a journey to %s is answered %i', async (name, status, says) => {
  await withAgent(['--deny', '*.corp.example'], async (agent) => {
    const url = `http://${name}:${port}/`;
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ url, samples: 1, only: ['balancer'] });
    const answer = await fetch(`${agent}/journeys`, { method: 'POST', headers, body });
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(says);
    const asked = await fetch(`${agent}/probe?module=journey&target=${encodeURIComponent(url)}`);
    expect(asked.status).toBe(status === 202 ? 200 : 400);
  });
});

test.each([
  [4, 200, '127.0.0.1'],
  [6, 200, '::1'],
])('of a name with both families a journey goes to IPv%i', async (family, status, address) => {
  await withAgent(['--deny', '*.corp.example'], async (agent) => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const body = { url: `http://both.example:${port}/`, samples: 1, only: ['balancer'], family };
    const answer = await fetch(`${agent}/journeys?wait`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(status);
    const { endpoints } = (await answer.json()) as { readonly endpoints: readonly { readonly address: string }[] };
    expect(endpoints.map((one) => one.address)).toEqual([address]);
    const none = await fetch(`${agent}/journeys`, {
      ...{ method: 'POST', headers },
      body: JSON.stringify({ ...body, url: `http://web.example:${port}/`, family: 6 }),
    });
    expect(none.status).toBe(400);
    expect(await none.text()).toContain('has no address of IPv6');
  });
});
