// Owns an exporter that answers /probe, ours or blackbox_exporter, as the benches use it: started, asked as Prometheus asks, its CPU time read.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { freePort } from '../test/system/rig/ports.ts';

export const BLACKBOX = 'prometheus-blackbox-exporter';

export interface Exporter {
  readonly daemon: ChildProcess;
  /** Asks for each target once, so many at a time. @returns probes a second @throws Error for a probe that did not succeed */
  perSecond(module: string, targets: readonly string[], atOnce: number): Promise<number>;
  /** The answers' own word on one family, in the order they came. */
  values(module: string, targets: readonly string[], atOnce: number, series: string): Promise<readonly number[]>;
  /** User and system time so far, ms (proc_pid_stat(5), fields 14 and 15 in ticks of 10 ms). */
  cpuMs(): number;
  /** What it had at most so far, MiB (VmHWM of proc_pid_status(5)). */
  peakMiB(): number;
}

/** @param argv gets the address to listen on behind it */
export async function startExporter(argv: readonly string[], listenOption: string): Promise<Exporter> {
  const port = await freePort(['127.0.0.1']);
  const [program = '', ...rest] = argv;
  const daemon = spawn(program, [...rest, listenOption, `127.0.0.1:${port}`], { stdio: 'ignore' });
  await listening(port, program);
  const status = (file: string): string => readFileSync(`/proc/${daemon.pid}/${file}`, 'latin1');
  return {
    daemon,
    async perSecond(module, targets, atOnce) {
      const startMs = performance.now();
      await scrapeAll(port, module, targets, atOnce, () => undefined);
      return (targets.length * 1_000) / (performance.now() - startMs);
    },
    async values(module, targets, atOnce, series) {
      const values: number[] = [];
      await scrapeAll(port, module, targets, atOnce, (answer) => {
        const line = answer.split('\n').find((one) => one.startsWith(`${series} `));
        values.push(Number(line?.slice(series.length + 1)));
      });
      return values;
    },
    cpuMs() {
      const fields = status('stat')
        .replace(/^.*\) /, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    peakMiB: () => Number(/VmHWM:\s+(\d+)/.exec(status('status'))?.[1]) / 1024,
  };
}

async function listening(port: number, name: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} does not answer`);
}

/** Asked over connections that stay, as Prometheus does; hardly parsed, to leave the machine to who is measured. */
async function scrapeAll(
  port: number,
  module: string,
  targets: readonly string[],
  atOnce: number,
  onAnswer: (answer: string) => void,
): Promise<void> {
  const left = targets.values();
  const worker = async (): Promise<void> => {
    const socket = connect(port, '127.0.0.1');
    for (const target of left) onAnswer(await scrape(socket, module, target));
    socket.destroy();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

const LAST_CHUNK = '\r\n0\r\n\r\n';

function scrape(socket: Socket, module: string, target: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const fail = (): void => reject(new Error('the exporter hung up'));
    const read = (text: Buffer): void => {
      answer += text.toString('latin1');
      if (!isWhole(answer)) return;
      socket.off('data', read).off('close', fail).off('error', fail);
      // Sizes of chunks stand where they like, in the middle of a line too.
      const whole = answer.replaceAll(/\r\n[0-9a-f]+\r\n/gi, '');
      if (whole.includes('\nprobe_success 1\n')) resolve(whole);
      else reject(new Error(`${module} did not succeed with ${target}:\n${answer.slice(0, 2_000)}`));
    };
    socket.on('data', read).once('close', fail).once('error', fail);
    const path = `/probe?module=${module}&target=${encodeURIComponent(target)}`;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: exporter\r\n\r\n`);
  });
}

function isWhole(answer: string): boolean {
  const head = answer.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, head))?.[1];
  return length === undefined ? answer.endsWith(LAST_CHUNK) : answer.length >= head + 4 + Number(length);
}
