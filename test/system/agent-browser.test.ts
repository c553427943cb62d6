// POST /journeys behind a gate that knows its users by a cookie, as single sign-on does, so that whatever a browser sends through it is somebody's: no form,
// beacon or script of a page that stands elsewhere begins a journey, while a page of the gate's own can.
import { createServer, type IncomingHttpHeaders, type RequestListener, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent, sumOf, until } from './rig/agent.ts';
import { dumpDom } from './rig/browser.ts';
import { freePort } from './rig/ports.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const [AGENT, GATE, ELSEWHERE] = ['127.0.61.21', '127.0.61.22', '127.0.61.23'] as const;
const TOKEN = '0123456789abcdef0123456789abcdef';
const ENCTYPES = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

/** Everything that a page may send to another origin without being asked whether it may, and what it must ask for. */
const attack = (url: string): string => `<!doctype html><title>at it</title><script>
const body = '{"target":"front"}';
for (const [at, enctype] of ${JSON.stringify(ENCTYPES)}.entries()) {
  const frame = Object.assign(document.createElement('iframe'), { name: 'f' + at });
  const form = Object.assign(document.createElement('form'), { action: '${url}', method: 'post', enctype, target: 'f' + at });
  form.append(Object.assign(document.createElement('input'), { name: '{"target":"front","x":"', value: '"}' }));
  document.documentElement.append(frame, form);
  form.submit();
}
const sent = [
  fetch('${url}', { method: 'POST', mode: 'no-cors', credentials: 'include', headers: { 'Content-Type': 'text/plain' }, body }),
  fetch('${url}', { method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json' }, body }),
];
navigator.sendBeacon('${url}', new Blob([body], { type: 'text/plain' }));
navigator.sendBeacon('${url}', new Blob([body], { type: 'application/json' }));
Promise.allSettled(sent).then((all) => { document.title = all.map(({ status }) => status).join(' '); });
</script>`;
const OWN = `<!doctype html><title>at it</title><script>
fetch('/journeys', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"target":"front"}' })
  .then((answer) => { document.title = 'answered ' + answer.status; });
</script>`;

describe.skipIf(!requireTools(['chromium', 'curl']))('a browser', () => {
  let rig: Rig;
  let agent: RunningAgent;
  const urls = { gate: '', elsewhere: '' };
  const passed: { readonly said: string; readonly status: number }[] = [];

  async function served(address: string, answer: RequestListener): Promise<string> {
    const server = createServer(answer);
    const port = await freePort([address]);
    await new Promise<void>((resolve) => {
      server.listen(port, address, resolve);
    });
    rig.defer(() => {
      server.close();
      server.closeAllConnections();
    });
    return `http://${address}:${port}`;
  }

  /** Adds who it is, and changes nothing. */
  const gate: RequestListener = (asked, answer) => {
    if (asked.url === '/own.html') {
      answer.writeHead(200, { 'content-type': 'text/html' }).end(OWN);
      return;
    }
    const [host, port] = agent.listen.split(':');
    const headers: IncomingHttpHeaders = { ...asked.headers, authorization: `Bearer ${TOKEN}` };
    const onward = request({ host, port, method: asked.method, path: asked.url, headers }, (reply) => {
      passed.push({ said: `${asked.method} ${asked.headers['content-type'] ?? ''}`, status: reply.statusCode ?? 0 });
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    onward.once('error', () => answer.destroy());
    asked.pipe(onward);
  };

  beforeAll(async () => {
    rig = await openRig();
    const service = await served(ELSEWHERE, (_request, response) => response.end('here'));
    const config = await rig.write(
      'agent.yml',
      `schedule: { interval: 30d }\ndefaults: { samples: 1, only: [balancer] }\ntargets: [{ target: '${service}/', name: front }]\n`,
    );
    await rig.write('tokens', `gate ${TOKEN}\n`);
    const args = ['--config', config, '--token-file', join(rig.folder, 'tokens')];
    agent = await startAgent(rig, { args, listen: AGENT });
    urls.gate = await served(GATE, gate);
    urls.elsewhere = await served(ELSEWHERE, (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(attack(`${urls.gate}/journeys`));
    });
  });
  afterAll(() => rig.close());

  const titleOf = async (url: string): Promise<string> =>
    /<title>([^<]*)<\/title>/.exec(await dumpDom(rig, url))?.[1] ?? '';

  it('begins no journey for a page that stands elsewhere, by whatever it sends', async () => {
    const title = await titleOf(`${urls.elsewhere}/`);
    // The first one is sent and its answer hidden, the second one is not sent.
    expect(title).toBe('fulfilled rejected');
    const kinds = passed.map(({ said }) => said.replace(/;.*$/, ''));
    for (const kind of [...ENCTYPES.map((enctype) => `POST ${enctype}`), 'OPTIONS ']) expect(kinds).toContain(kind);
    expect(kinds).not.toContain('POST application/json');
    expect(passed.filter(({ status }) => status < 400)).toEqual([]);
    const metrics = await agent.metrics();
    expect(sumOf(metrics, 'outrider_asked_journeys_total', 'outcome="turned_away"')).toBeGreaterThanOrEqual(4);
    expect(sumOf(metrics, 'outrider_asked_journeys_total', 'outcome="ridden"')).toBe(0);
    expect(sumOf(metrics, 'outrider_probes_under_way')).toBe(0);
  });

  it('begins one for a page of the same origin', async () => {
    expect(await titleOf(`${urls.gate}/own.html`)).toBe('answered 202');
    await until(async () =>
      sumOf(await agent.metrics(), 'outrider_asked_journeys_total', 'outcome="ridden"') === 1 ? true : null,
    );
  });
});
