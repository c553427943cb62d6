// Limits of a real nginx: requests a second, with bursts and without, with a queue, and requests under way at once. What --find-limit makes of them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessEvidence } from '../../probes/access/evidence.ts';
import { freePort } from './rig/ports.ts';
import { probe, ride } from './rig/probe.ts';
import { evidenceOf, findingsOf } from './rig/reading.ts';
import { HERE, openRig, type Rig } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';
import { startNginx } from './rig/web.ts';

const ADDRESS = '127.0.0.1';
const SEARCH = ['--only', 'access', '-n', '2', '--rate', '2', '--deadline', '3m', '--yes'];

/** Rate and burst of the limiter, and the range that is gone through. */
const rates = [
  [15, 0, '8..30'],
  [20, 5, '10..40'],
  [40, 10, '20..80'],
  [60, 20, '30..100'],
] as const;

describe.skipIf(!requireTools(['nginx']))('a limit of nginx', () => {
  let rig: Rig;
  let port: number;
  beforeAll(async () => {
    rig = await openRig();
    port = await freePort([ADDRESS]);
    await startNginx(rig, HERE, 'limits', { address: ADDRESS, port }, servers(rig.folder, port));
  });
  afterAll(() => rig.close());

  const url = (path: string): string => `http://${ADDRESS}:${port}/${path}`;

  // Two at a time: a machine that is busy with many sends none of them evenly.
  it.concurrent.each(rates)(
    'of %d a second with a burst of %d is found within a tenth',
    { retry: 2 },
    async (rate, burst, range) => {
      const { journey } = await ride([url(`rate-${rate}`), ...SEARCH, '--find-limit', range]);
      const { foundLimit } = evidenceOf<AccessEvidence>(journey, 'access');
      expect(foundLimit).toMatchObject({ end: 'throttled', refusal: { status: burst === 0 ? 503 : 429 } });
      const { perSecond = 0, low = 0, high = 0 } = foundLimit?.found ?? {};
      expect(Math.abs(perSecond / rate - 1), `${perSecond} of ${rate}`).toBeLessThanOrEqual(0.1);
      expect(low).toBeLessThan(rate);
      expect(high).toBeGreaterThan(rate * 0.9);
      expect(findingsOf(journey, 'throttled-as-failure').length).toBe(burst === 0 ? 1 : 0);
    },
  );

  it.each([3, 10, 25])('of %d requests under way at once is found exactly', async (limit) => {
    const { journey } = await ride([url(`open-${limit}`), ...SEARCH, '--find-limit-open', '40']);
    const { foundOpen } = evidenceOf<AccessEvidence>(journey, 'access');
    expect(foundOpen).toMatchObject({ end: 'throttled', refusal: { status: 503 } });
    expect(Math.abs((foundOpen?.held ?? 0) / limit - 1)).toBeLessThanOrEqual(0.1);
  });

  it('that is not there is not found, and nobody was turned away', async () => {
    const { journey } = await ride([url('free'), ...SEARCH, '--find-limit', '40..45', '--find-limit-open', '12']);
    const { foundLimit, foundOpen } = evidenceOf<AccessEvidence>(journey, 'access');
    expect(foundLimit).toMatchObject({ end: 'max', found: null, refusal: null });
    expect(foundOpen).toMatchObject({ end: 'max', held: 12 });
    expect(journey.budget.requests).toBeLessThan(2 + 1 + 12 + 1200);
  });

  it('is not looked for without a yes where nobody can be asked', async () => {
    const { code, stderr } = await probe([url('free'), '--only', 'access', '--deadline', '3m', '--find-limit', '50']);
    expect([code, stderr]).toEqual([64, expect.stringContaining('--yes')]);
  });
});

function servers(folder: string, port: number): string {
  const zones = rates.map(([rate]) => `limit_req_zone $binary_remote_addr zone=rate${rate}:1m rate=${rate}r/s;`);
  const limited = rates.map(([rate, burst]) => {
    const how = burst === 0 ? '' : ` burst=${burst} nodelay; limit_req_status 429`;
    return `location /rate-${rate} { limit_req zone=rate${rate}${how}; try_files /none @ok; }`;
  });
  const open = [3, 10, 25].map(
    (limit) => `location /open-${limit} { limit_conn open${limit} ${limit}; proxy_pass http://${ADDRESS}:${port}/ok; }`,
  );
  const conns = [3, 10, 25].map((limit) => `limit_conn_zone $binary_remote_addr zone=open${limit}:1m;`);
  return `
  ${[...zones, ...conns].join('\n  ')}
  server {
    listen ${ADDRESS}:${port};
    keepalive_requests 100000;
    root ${folder};
    location /ok { return 200 "ok\\n"; }
    location @ok { return 200 "ok\\n"; }
    location /free { proxy_pass http://${ADDRESS}:${port}/ok; }
    ${[...limited, ...open].join('\n    ')}
  }`;
}
