// Times of a request against curl's own clock on the same endpoint, at the same time, so that a busy moment falls on both.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Journey } from '../../src/model/journey.ts';
import { type CurlTimes, curlTimes, medianTimes } from './rig/peers.ts';
import { ride } from './rig/probe.ts';
import { hopOf } from './rig/reading.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { type Host, loopbackPlan, type Site, SLOW_MS, startSite } from './rig/site.ts';
import { requireTools } from './rig/tools.ts';

const RUNS = 30;
/** Requests a second, of both. */
const RATE = 20;
/** How far two medians may be apart. */
const TOLERANCE_MS = 2;
/** A machine that does other work makes both clocks noisy: what is right agrees in one of three tries, what is wrong in none. */
const TRIES = 3;

describe.skipIf(!requireTools(['nsd', 'unbound', 'nginx', 'haproxy', 'curl', 'openssl', 'setpriv']))('latency', () => {
  let rig: Rig;
  let site: Site;
  beforeAll(async () => {
    rig = await openRig();
    site = await startSite(rig, await loopbackPlan());
  });
  afterAll(() => rig.close());

  it.each(['passA', 'slow'] as const)('agrees with curl on %s', { retry: TRIES - 1 }, async (host) => {
    const [ours, theirs] = await Promise.all([ridden(site, host), curled(site, host)]);
    for (const phase of ['connect', 'tls', 'wait', 'total'] as const) {
      expect(
        Math.abs(ours[phase] - theirs[phase]),
        `${phase}: ${ours[phase]} ms, curl ${theirs[phase]} ms`,
      ).toBeLessThan(TOLERANCE_MS);
    }
    // What was compared is not noise: the slow application is in both.
    if (host === 'slow') expect(Math.min(ours.wait, theirs.wait)).toBeGreaterThanOrEqual(SLOW_MS - 1);
  });
});

async function ridden(site: Site, host: Host): Promise<CurlTimes> {
  // What curl tells has its own pauses in it, as the loop's clock has ours.
  const pinned = ['--connect', site.listen(host).address, '--http', '1.1', '--clock', 'loop'];
  const { journey } = await ride([site.target(''), '-n', `${RUNS}`, '--rate', `${RATE}`, ...pinned, ...site.options]);
  const p50 = (id: keyof CurlTimes): number => medianOf(journey, site, host, id);
  return { connect: p50('connect'), tls: p50('tls'), wait: p50('wait'), total: p50('total') };
}

function medianOf(journey: Journey, site: Site, host: Host, id: keyof CurlTimes): number {
  const hop = hopOf(journey, site.listen(host), id);
  expect(hop.latencyMs?.samples).toHaveLength(RUNS);
  return hop.latencyMs?.p50 ?? Number.NaN;
}

async function curled(site: Site, host: Host): Promise<CurlTimes> {
  const pace = { requests: RUNS, perSecond: RATE };
  const runs = await curlTimes(`https://${site.target('')}/`, site.listen(host), site.pki.rootFile, pace);
  expect(runs).toHaveLength(RUNS);
  return medianTimes(runs);
}
