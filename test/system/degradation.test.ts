// A target with a backend that the test stops and starts again: what is said of the dependency, and whether the target goes on without it.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessEvidence } from '../../probes/access/evidence.ts';
import { freePort } from './rig/ports.ts';
import { ride } from './rig/probe.ts';
import { evidenceOf, findingsOf } from './rig/reading.ts';
import { type Daemon, HERE, openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';
import { startNginx } from './rig/web.ts';

const ADDRESS = '127.0.0.1';
const UPSTREAM = fileURLToPath(new URL('./rig/slow-upstream.ts', import.meta.url));

describe.skipIf(!requireTools(['nginx', 'curl']))('a dependency', () => {
  let rig: Rig;
  let ports: { readonly front: number; readonly back: number };
  let backend: Daemon;

  const startBackend = (): Promise<Daemon> =>
    rig.start({
      ...{ name: 'backend', place: HERE, argv: [process.execPath, UPSTREAM, ADDRESS, String(ports.back), '5'] },
      answers: ['curl', '-sf', '-o', '/dev/null', `http://${ADDRESS}:${ports.back}/`],
    });

  beforeAll(async () => {
    rig = await openRig();
    ports = { front: await freePort([ADDRESS]), back: await freePort([ADDRESS]) };
    backend = await startBackend();
    const { front: port } = ports;
    await startNginx(rig, HERE, 'front', { address: ADDRESS, port }, front(ports));
  });
  afterAll(() => rig.close());

  /** Rides the journey file for a path of the front. */
  async function rideTo(path: string) {
    const url = `http://${ADDRESS}:${ports.front}${path}`;
    const declared = `dependsOn:\n  - name: backend\n    target: http://${ADDRESS}:${ports.back}/\n    dependsOn: [${url}]\n`;
    const file = await rig.write('journey.yaml', `target: ${url}\nhealth: /health\n${declared}`);
    const { journey } = await ride(['--journey', file, '--only', 'access', '-n', '3']);
    const answer = journey.answers.find(({ question }) => question === 6);
    return { journey, access: evidenceOf<AccessEvidence>(journey, 'access'), summary: String(answer?.summary) };
  }

  it('that is up is said to be, and stands in the tree', async () => {
    const { journey, access, summary } = await rideTo('/soft');
    expect(access.dependencies).toMatchObject([
      { name: 'backend', state: 'up', answered: 3, parent: null },
      { state: 'cycle', asked: 0, parent: 0 },
    ]);
    // What the backend says is no health document.
    expect(access.health).toMatchObject({ status: 200, format: null });
    expect(summary).toContain('dependencies is down');
    expect(findingsOf(journey, 'dependency-down')).toEqual([]);
  });

  it('that is stopped while the target answers all the same is graceful degradation', async () => {
    await backend.stop();
    const { journey, access, summary } = await rideTo('/soft');
    expect(access.dependencies?.[0]).toMatchObject({ name: 'backend', state: 'down', problem: 'refused' });
    expect(access.health).toMatchObject({
      status: 503,
      format: 'spring',
      dependencies: [{ name: 'backend', state: 'down' }],
    });
    expect(access.staleness?.markers).toEqual(['X-Fallback']);
    expect(summary).toContain('graceful degradation observed');
    expect(findingsOf(journey, 'dependency-down')).toHaveLength(2);
  });

  it('that takes the target with it is told apart from that', async () => {
    const { access, summary } = await rideTo('/hard');
    expect(access.anonymousStatus).toEqual({ 502: 3 });
    expect(summary).toContain('the target fails with it');
  });

  it('that comes back is up again', async () => {
    backend = await startBackend();
    const { journey, access } = await rideTo('/hard');
    expect(access.dependencies?.[0]).toMatchObject({ state: 'up' });
    expect(findingsOf(journey, 'dependency-down')).toEqual([]);
  });
});

function front({ front: port, back }: { readonly front: number; readonly back: number }): string {
  return `
  server {
    listen ${ADDRESS}:${port};
    location /hard { proxy_pass http://${ADDRESS}:${back}; }
    location /soft { proxy_pass http://${ADDRESS}:${back}; error_page 502 =200 @kept; }
    location @kept { add_header X-Fallback kept; return 200 "kept\\n"; }
    location /health { proxy_pass http://${ADDRESS}:${back}/; error_page 502 = @down; }
    location @down { default_type application/json; return 503 '{"status":"DOWN","components":{"backend":{"status":"DOWN"}}}'; }
  }`;
}
