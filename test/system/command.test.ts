// The command as a person and a cron job meet it: exit codes, --plan, Ctrl-C, a user without rights.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countConnections, countDatagrams } from './rig/counters.ts';
import { AGED } from './rig/pki.ts';
import { probe, readJourney, ride, startRide } from './rig/probe.ts';
import { hopOf } from './rig/reading.ts';
import { openRig, type Rig, signalGroup } from './rig/rig.ts';
import { loopbackPlan, type Site, startSite } from './rig/site.ts';
import { requireRoot, requireTools } from './rig/tools.ts';

const TOOLS = ['nsd', 'unbound', 'nginx', 'haproxy', 'openssl', 'setpriv'];
/** The authorities stand on ports of their own here, so that the dns probe, which asks port 53, would find them silent. */
const WITHOUT_DNS = ['--skip', 'dns'];

describe.skipIf(!requireTools(TOOLS))('the command', () => {
  let rig: Rig;
  let site: Site;
  beforeAll(async () => {
    rig = await openRig();
    site = await startSite(rig, await loopbackPlan());
  });
  afterAll(() => rig.close());

  describe('exit codes', () => {
    /** Of a certificate with 20 of its 80 days left, so that nothing but the thresholds differs. */
    const thresholds = (warn: number, critical: number): readonly string[] => [
      ...['--warn', `${AGED[1] + warn}d`],
      ...['--critical', `${AGED[1] + critical}d`],
    ];
    const cases = [
      { name: '0 when all is well', code: 0, verdict: 'ok', more: thresholds(-1, -2) },
      { name: '1 when a threshold warns', code: 1, verdict: 'warning', more: thresholds(1, -1) },
      { name: '2 when a threshold is passed', code: 2, verdict: 'critical', more: thresholds(2, 1) },
      {
        name: '0 for a warning that should not count',
        code: 0,
        verdict: 'warning',
        more: [...thresholds(1, -1), '--fail-on', 'critical'],
      },
      { name: '1 by the defaults, 30 and 7 days', code: 1, verdict: 'warning', more: [] },
    ];
    it.each(cases)('$name', async ({ code, verdict, more }) => {
      const ran = await ride([site.target('aged'), '-n', '2', ...WITHOUT_DNS, ...site.options, ...more]);
      expect({ code: ran.code, verdict: ran.journey.verdict }, findingsIn(ran.stdout)).toEqual({ code, verdict });
    });

    it('3 when nobody could tell: the resolver is gone', async () => {
      const silent = await countDatagrams(rig, '127.0.60.201');
      const ran = await ride([
        site.target(''),
        '-n',
        '1',
        '--timeout',
        '300ms',
        '--resolver',
        `${silent.address}#${silent.port}`,
        ...WITHOUT_DNS,
      ]);
      expect({ code: ran.code, verdict: ran.journey.verdict }, findingsIn(ran.stdout)).toEqual({
        code: 3,
        verdict: 'unknown',
      });
      expect(silent.count()).toBeGreaterThan(0);
    });

    it.each([
      ['an option that is none', ['--sample', '3']],
      ['a number that is none', ['-n', 'three']],
      ['a file that is not there', ['--ca-file', '/nowhere/root.pem']],
    ])('64 for %s, in words and without a stack', async (_name, wrong) => {
      const ran = await probe([site.target(''), ...wrong]);
      expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 64, stdout: '' });
      expect(ran.stderr).not.toBe('');
      expect(ran.stderr).not.toMatch(/\n\s+at /);
    });
  });

  it('sends nothing with --plan, and does without it', async () => {
    const [resolver, service] = [
      await countDatagrams(rig, '127.0.60.202'),
      await countConnections(rig, '127.0.60.203'),
    ];
    const byName = ['kms.test', '--resolver', `${resolver.address}#${resolver.port}`, '-n', '3', '--timeout', '300ms'];
    const byAddress = ['kms.test', '--connect', `${service.address}:${service.port}`, '-n', '3'];

    for (const args of [byName, byAddress]) {
      const plan = await probe([...args, '--plan']);
      expect(plan.code).toBe(0);
      expect(plan.stdout).toContain('3 x GET https://kms.test/');
    }
    expect([resolver.count(), service.count()]).toEqual([0, 0]);

    const ridden = [await ride(byName), await ride([...byAddress, '--no-tls-survey'])];
    expect(service.count()).toBe(3);
    // The journey's own books agree with what arrived.
    expect(ridden[0]?.journey.budget.dnsQueries).toBe(resolver.count());
    expect(ridden[1]?.journey.budget.connections).toBe(3);
    expect(resolver.count()).toBeGreaterThan(0);
    const surveyed = await ride(byAddress);
    expect(service.count()).toBeGreaterThan(6);
    expect(surveyed.journey.budget.connections).toBe(service.count() - 3);
  });

  it('reports what it knows on Ctrl-C, and is gone', async () => {
    const riding = startRide([
      site.target(''),
      '-n',
      '5000',
      '--rate',
      '20',
      '--deadline',
      '5m',
      ...WITHOUT_DNS,
      ...site.options,
    ]);
    await originServed(8);
    riding.interrupt();
    const ran = await riding.ended();
    const journey = readJourney(ran);
    expect(journey.complete).toBe(false);
    for (const host of ['passA', 'passB'] as const) {
      const total = hopOf(journey, site.listen(host), 'total');
      expect(total.attempts).toBeGreaterThanOrEqual(1);
      expect(total.attempts).toBeLessThan(5000);
      // What was under way at that moment is told, and is nobody's failure.
      expect(total.failures).toBe(total.errors.cancelled ?? 0);
    }
    // The exit code is that of the verdict on what was seen; a part that is well does not say that the whole is.
    expect(ran.code).toBe({ ok: 3, warning: 1, critical: 2, unknown: 3 }[journey.verdict]);
    expect(ran.stderr).toBe('');
    expect(signalGroup(riding.pid, 0)).toBe(false);
  });

  it.skipIf(!requireRoot())('rides the same as a user without rights', async () => {
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs'];
    const args = [site.target('www'), '-n', '3', ...WITHOUT_DNS, ...site.options];
    const [mine, theirs] = [await ride(args), await ride(args, nobody)];
    expect(theirs.code).toBe(mine.code);
    expect(theirs.journey.hops.map(({ id, endpoint, failures, clock }) => [id, endpoint, failures, clock])).toEqual(
      mine.journey.hops.map(({ id, endpoint, failures, clock }) => [id, endpoint, failures, clock]),
    );
    expect(theirs.journey.checks).toEqual(mine.journey.checks);
  });

  /** Resolves when the origin has answered so many requests more. */
  async function originServed(more: number): Promise<void> {
    const lines = async (): Promise<number> => (await rig.read('origin-access.log')).split('\n').length;
    const from = await lines();
    while ((await lines()) < from + more) await sleep(20);
  }
});

/** For the message of a failed expectation. */
function findingsIn(stdout: string): string {
  const { findings, checks } = JSON.parse(stdout) as {
    readonly findings: readonly { readonly id: string; readonly what: string }[];
    readonly checks: readonly { readonly id: string; readonly outcome: string; readonly because: string | null }[];
  };
  const open = checks.filter(({ outcome }) => outcome === 'not-judged');
  return [
    ...findings.map(({ id, what }) => `${id}: ${what}`),
    ...open.map(({ id, because }) => `${id}: ${because ?? ''}`),
  ].join('\n');
}
