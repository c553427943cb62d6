// The agent's log where nobody reads it as it should be read: a full disk, a standard error that is closed, a reader that has gone or that never reads.
// Probes are answered all the same, what is lost is counted, and the end comes.
import { type ChildProcess, type IOType, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from './rig/ports.ts';
import { probeArgv } from './rig/probe.ts';
import { openRig, type Rig, run } from './rig/rig.ts';
import { requireTools } from './rig/tools.ts';

const ADDRESS = '127.0.60.233';
/** Lines of a probe for such a target are kilobytes: some hundred probes are more than a pipe and what may wait for it hold. */
const TARGET = `${'x'.repeat(1900)}:1`;
const PROBES = 600;
const AT_ONCE = 20;

interface Case {
  readonly name: string;
  /** Standard error, and a shell's words before the command. */
  readonly open: (
    rig: Rig,
  ) => Promise<{ readonly stderr: IOType | Socket | number; readonly shell?: string; readonly close: () => void }>;
  /** Once it runs. */
  readonly whenItRuns?: (child: ChildProcess) => void;
  readonly loses: boolean;
  /** What the first line begins with. */
  readonly begins?: string;
}

const of = (fd: number): { readonly stderr: number; readonly close: () => void } => ({
  stderr: fd,
  close: () => closeSync(fd),
});

const CASES: readonly Case[] = [
  { name: 'a full disk', open: async () => of(openSync('/dev/full', 'w')), loses: true },
  { name: 'a file', open: async ({ folder }) => of(openSync(join(folder, 'log'), 'w')), loses: false, begins: 'time=' },
  {
    name: 'the journal',
    open: async ({ folder }) => {
      const fd = openSync(join(folder, 'log'), 'w');
      const { dev, ino } = fstatSync(fd);
      return { ...of(fd), shell: `JOURNAL_STREAM=${dev}:${ino} exec "$@"` };
    },
    loses: false,
    begins: '<6>time=',
  },
  // Node opens /dev/null in its place.
  {
    name: 'none',
    open: async () => ({ stderr: 'ignore', shell: 'exec "$@" 2>&-', close: () => undefined }),
    loses: false,
  },
  {
    name: 'a reader that has gone',
    open: async () => ({ stderr: 'pipe', close: () => undefined }),
    whenItRuns: (child) => child.stderr?.destroy(),
    loses: true,
  },
  { name: 'a reader that never reads', open: unread, loses: true },
  { name: 'a socket that nobody reads, as a journal that hangs', open: unreadSocket, loses: true },
];

async function unread({ folder }: Rig): Promise<{ readonly stderr: number; readonly close: () => void }> {
  const path = join(folder, 'fifo');
  await run(['mkfifo', path]);
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
  const reader = openSync(path, O_RDONLY | O_NONBLOCK);
  const writer = openSync(path, O_WRONLY);
  return {
    stderr: writer,
    close() {
      closeSync(writer);
      closeSync(reader);
    },
  };
}

async function unreadSocket({
  folder,
}: Rig): Promise<{ readonly stderr: IOType | Socket; readonly close: () => void }> {
  const path = join(folder, 'journal');
  const server = createServer({ pauseOnConnect: true }).listen(path);
  await once(server, 'listening');
  const socket = connect(path);
  await once(socket, 'connect');
  return {
    stderr: socket,
    close() {
      socket.destroy();
      server.close();
    },
  };
}

describe.skipIf(!requireTools(['mkfifo', 'sh']))('standard error is', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await openRig();
  });
  afterEach(() => rig.close());

  it.each(CASES)(
    '$name: every probe is answered, what is lost is counted, and the end comes',
    async ({ open, whenItRuns, loses, begins }) => {
      const file = await rig.write('blackbox.yml', 'modules: { tcp: { prober: tcp, timeout: 2s } }\n');
      const listen = `${ADDRESS}:${await freePort([ADDRESS])}`;
      const { stderr, shell, close } = await open(rig);
      const args = [
        'serve',
        '--blackbox-config',
        file,
        '--listen',
        listen,
        '--log-prober',
        'debug',
        '--log-level',
        'debug',
      ];
      const argv = shell === undefined ? probeArgv(args) : ['sh', '-c', shell, 'sh', ...probeArgv(args)];
      const [program = '', ...rest] = argv;
      const child = spawn(program, rest, { stdio: ['ignore', 'ignore', stderr] });
      rig.defer(() => void child.kill('SIGKILL'));
      const ended = once(child, 'exit');
      await until(() => answers(`http://${listen}/-/healthy`));
      whenItRuns?.(child);
      const statuses = await probeAll(`http://${listen}/probe?module=tcp&target=${TARGET}`);
      expect(statuses.filter((status) => status !== 200)).toEqual([]);
      // What was written last may still be under way.
      const seen = await until(async () => {
        const { told, lost, lateMs } = await linesOf(`http://${listen}/metrics`);
        return told > 3 * PROBES && lost > 0 === loses ? { lost, lateMs } : null;
      });
      console.info(`${seen.lost} lines lost, the event loop ${seen.lateMs} ms late (p99)`);
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      close();
      if (begins === undefined) return;
      const log = readFileSync(join(rig.folder, 'log'), 'utf8');
      expect(log.slice(0, begins.length)).toBe(begins);
      expect(log).toMatch(/ msg=ended\n$/);
    },
  );
});

async function probeAll(url: string): Promise<readonly number[]> {
  const statuses: number[] = [];
  const work = async (): Promise<void> => {
    while (statuses.length < PROBES) {
      const answer = await fetch(url);
      await answer.arrayBuffer();
      statuses.push(answer.status);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return statuses;
}

async function linesOf(
  url: string,
): Promise<{ readonly told: number; readonly lost: number; readonly lateMs: number }> {
  const text = await (await fetch(url)).text();
  const told = [...text.matchAll(/^outrider_log_lines_total\{[^}]*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
  const late = Number(/^outrider_event_loop_delay_seconds\{percentile="99"\} (\S+)$/m.exec(text)?.[1]);
  return {
    told,
    lateMs: Math.round(late * 1000),
    lost: Number(/^outrider_log_lines_dropped_total (\d+)$/m.exec(text)?.[1]),
  };
}

async function answers(url: string): Promise<true | null> {
  try {
    return (await fetch(url)).ok ? true : null;
  } catch {
    return null;
  }
}

/** Asks until there is an answer; the test's own timeout bounds it. */
async function until<T>(ask: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    await sleep(20);
  }
}
