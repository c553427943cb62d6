// What an agent lives through: its config read again and again under load, and a disk without room for a byte. No turn is lost, no counter goes back.
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent, sumOf, until } from './rig/agent.ts';
import type { Series } from './rig/blackbox.ts';
import { portOf } from './rig/ports.ts';
import { openRig, outputOf, type Rig } from './rig/rig.ts';
import { requireRoot, requireTools } from './rig/tools.ts';

const [AGENT, SERVER] = ['127.0.60.238', '127.0.60.239'];
const TARGETS = 30;
const INTERVAL_MS = 1000;
/** How long the server takes for an answer: at any time some journeys are under way. */
const THINK_MS = 150;
const RELOADS = 24;

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

/** Answers after a while, and counts who goes away before that: those at /comes apart. */
async function startThinking(): Promise<{ readonly port: number; readonly cut: () => number }> {
  let cut = 0;
  const server = createServer((request, response) => {
    const answer = setTimeout(() => response.end('well'), THINK_MS);
    response.once('close', () => {
      clearTimeout(answer);
      if (!response.writableFinished && request.url !== '/comes') cut++;
    });
  });
  await new Promise<void>((resolve) => server.listen({ host: SERVER, port: 0, backlog: 1024 }, resolve));
  rig.defer(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { port: portOf(server), cut: () => cut };
}

/** @param also another target, or a mistake */
function configOf(port: number, also: unknown): string {
  const stays = Array.from({ length: TARGETS }, (_, at) => ({
    target: `http://${SERVER}:${port}/${at}`,
    name: `t-${at}`,
  }));
  return JSON.stringify({
    schedule: { interval: `${INTERVAL_MS}ms`, concurrency: TARGETS },
    defaults: { samples: 2, only: ['tls', 'balancer'] },
    targets: [...stays, also],
  });
}

/** Turns that were ridden or counted as missed. */
const turnsOf = (series: Series, at: number): number =>
  sumOf(series, 'journey_runs_total', `target="t-${at}"`) +
  sumOf(series, 'journey_runs_missed_total', `target="t-${at}"`);

describe.skipIf(!requireTools(['curl']))('SIGHUP under load', () => {
  it('loses no turn, cuts no request, and lets no counter go back', async () => {
    const { port, cut } = await startThinking();
    const comes = (at: number): unknown => ({ target: `http://${SERVER}:${port}/comes`, name: `comes-${at}` });
    const file = await rig.write('agent.yml', configOf(port, comes(0)));
    const modules = await rig.write('blackbox.yml', 'modules: { http_2xx: { prober: http } }\n');
    const args = ['--config', file, '--blackbox-config', modules];
    const agent = await startAgent(rig, { args, listen: AGENT });
    await until(async () => {
      const series = await agent.metrics();
      return Array.from({ length: TARGETS }, (_, at) => turnsOf(series, at)).every((turns) => turns > 0) || null;
    });
    const [cutBefore, first] = [cut(), await scrape(agent)];
    const probing = new AbortController();
    const probed = probeAllTheTime(agent, port, probing.signal);
    let last = first.series;
    for (let at = 1; at <= RELOADS; at++) {
      const isWrong = at % 3 === 0;
      await rig.write('agent.yml', configOf(port, isWrong ? { sample: 3 } : comes(at)));
      agent.signal('SIGHUP');
      const outcome = isWrong ? 'refused' : 'taken';
      const counted = sumOf(last, 'outrider_config_reloads_total', `outcome="${outcome}"`);
      last = await until(async () => {
        const series = await agent.metrics();
        expectNoneBack(last, series);
        return sumOf(series, 'outrider_config_reloads_total', `outcome="${outcome}"`) > counted ? series : null;
      });
      await sleep(INTERVAL_MS / 4);
    }
    const { series: end, beganMs, endedMs } = await scrape(agent);
    expectNoneBack(last, end);
    probing.abort();
    const answers = await probed;
    // Between two scrapes lie so many turns, one of which is under way at each of the two moments.
    const least = Math.floor((beganMs - first.endedMs) / INTERVAL_MS) - 2;
    const most = Math.ceil((endedMs - first.beganMs) / INTERVAL_MS) + 2;
    for (let at = 0; at < TARGETS; at++) {
      const turns = turnsOf(end, at) - turnsOf(first.series, at);
      expect({ at, turns, isWithin: turns >= least && turns <= most }).toEqual({ at, turns, isWithin: true });
    }
    expect(sumOf(end, 'outrider_run_faults_total')).toBe(0);
    expect(sumOf(end, 'outrider_targets')).toBe(TARGETS + 1);
    // Of those that stay.
    expect(cut() - cutBefore).toBe(0);
    expect(answers.filter(({ status, text }) => status !== 200 || !text.includes('\nprobe_success 1\n'))).toEqual([]);
    expect(answers.length).toBeGreaterThan(10);
    expect(sumOf(end, 'outrider_config_reloads_total', 'outcome="refused"')).toBe(RELOADS / 3);
    const turns = turnsOf(end, 0) - turnsOf(first.series, 0);
    console.log(`${RELOADS} reloads: ${turns} turns of each of ${TARGETS} targets, ${answers.length} probes`);
  });
});

/** With the moments before and after it, as a busy machine takes its time. */
async function scrape(agent: RunningAgent) {
  const beganMs = performance.now();
  return { beganMs, series: await agent.metrics(), endedMs: performance.now() };
}

async function probeAllTheTime(agent: RunningAgent, port: number, signal: AbortSignal) {
  const answers: { readonly status: number; readonly text: string }[] = [];
  while (!signal.aborted)
    answers.push(await agent.get(`/probe?module=http_2xx&target=http://${SERVER}:${port}/probed`));
  return answers;
}

/** Of those that stay. */
function expectNoneBack(before: Series, after: Series): void {
  const back = [...before].filter(
    ([name, value]) =>
      /^journey_\w+_(total|count|sum|bucket)\{/.test(name) && name.includes('"t-') && (after.get(name) ?? -1) < value,
  );
  expect(back).toEqual([]);
}

describe.skipIf(!requireRoot() || !requireTools(['mount', 'umount', 'curl']))('a full disk', () => {
  /** Bytes of a disk of the test's own. */
  const ROOM = 131_072;

  async function openDisk(): Promise<string> {
    const disk = join(rig.folder, 'disk');
    await mkdir(disk);
    await outputOf(['mount', '-t', 'tmpfs', '-o', `size=${ROOM},mode=0777`, 'none', disk]);
    rig.defer(() => outputOf(['umount', '--lazy', disk]).then(() => undefined));
    return disk;
  }

  /** Until not even a byte fits. */
  function fill(path: string): void {
    const fd = openSync(path, 'w');
    try {
      for (;;) writeFileSync(fd, Buffer.alloc(4096, 'x'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(fd);
    }
  }

  it('loses lines of the log, which are counted, and no turn; with room again lines come again', async () => {
    const { port } = await startThinking();
    const disk = await openDisk();
    const [log, ballast] = [join(disk, 'agent.log'), join(disk, 'ballast')];
    const fd = openSync(log, 'a');
    rig.defer(() => closeSync(fd));
    fill(ballast);
    const file = await rig.write(
      'agent.yml',
      configOf(port, { target: `http://${SERVER}:${port}/more`, name: 'more' }),
    );
    // Everything that a process may want to write is on the full disk.
    const env = { TMPDIR: disk, HOME: disk, XDG_CACHE_HOME: disk, NODE_COMPILE_CACHE: join(disk, 'cache') };
    const args = ['--config', file, '--log-level', 'debug'];
    const agent = await startAgent(rig, { args, listen: AGENT, stderr: fd, env });
    const ridden = await until(async () => {
      const series = await agent.metrics();
      return sumOf(series, 'journey_runs_total') >= 3 * TARGETS ? series : null;
    });
    // Refused configs are told each time, to nobody.
    await rig.write('agent.yml', '{');
    const counted = await until(async () => {
      agent.signal('SIGHUP');
      const series = await agent.metrics();
      return sumOf(series, 'outrider_log_lines_dropped_total') >= 5 ? series : null;
    });
    expect(sumOf(counted, 'journey_runs_total')).toBeGreaterThanOrEqual(sumOf(ridden, 'journey_runs_total'));
    expect(readFileSync(log, 'utf8')).toBe('');
    expect((await agent.get('/-/healthy')).status).toBe(200);
    await rm(ballast);
    await until(async () => {
      agent.signal('SIGHUP');
      await sleep(50);
      return readFileSync(log, 'utf8').includes('the config was not taken') || null;
    });
    const later = await until(async () => {
      const series = await agent.metrics();
      return sumOf(series, 'journey_runs_total') > sumOf(counted, 'journey_runs_total') ? series : null;
    });
    expect(sumOf(later, 'outrider_run_faults_total')).toBe(0);
    expect(agent.hasEnded()).toBe(false);
    agent.signal('SIGTERM');
    expect(await agent.ended).toEqual([0, null]);
  });

  it('is not waited for at the end, and not when the agent refuses its config', async () => {
    const full = openSync('/dev/full', 'w');
    rig.defer(() => closeSync(full));
    const { port } = await startThinking();
    const file = await rig.write(
      'agent.yml',
      configOf(port, { target: `http://${SERVER}:${port}/more`, name: 'more' }),
    );
    const agent = await startAgent(rig, { args: ['--config', file], listen: AGENT, stderr: full });
    await until(async () => sumOf(await agent.metrics(), 'journey_runs_total') > 0 || null);
    agent.signal('SIGTERM');
    expect(await agent.ended).toEqual([0, null]);
    await rig.write('agent.yml', '{');
    const wrong = startAgent(rig, { args: ['--config', file], listen: AGENT, stderr: full });
    await expect(wrong).rejects.toThrow('the agent ended at once');
  });
});
