// Owns the process: streams, terminal, environment, clock, signals. The only asker; commands get what they need from here.
import { randomUUID } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import type { LineSink } from '../agent/log/line-sink.ts';
import type { IpAddress } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';
import { systemWords, writeError } from './system-words.ts';

/** Exit codes as monitoring plugins use them; 64 is EX_USAGE of sysexits.h. */
export const EXIT = { ok: 0, warning: 1, critical: 2, unknown: 3, usage: 64 } as const;

export interface Io {
  /** Writes to standard output; resolves when the stream took it, so that a long report is not cut by the exit, or when nobody reads any more. @throws WriteError */
  out(text: string): Promise<void>;
  err(text: string): void;
  /** Lines to standard error that nothing waits for: of what runs for months, whoever reads. */
  logSink(): Promise<LineSink>;
  /** Standard input to its end. @throws UsageError when it is larger or cannot be read */
  standardInput(maxBytes: number): Promise<string>;
  /** Asks whoever sits at the terminal, and resolves with the line typed; absent where nobody does. */
  readonly ask?: (question: string) => Promise<string>;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Standard error is a stream of systemd's journal. */
  readonly stderrIsJournal: boolean;
  /** Columns of standard output; 80 when it is no terminal and COLUMNS says nothing. */
  readonly columns: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Unix ms. */
  wallClockMs(): number;
  newId(): string;
  vantage(): { readonly name: string; readonly zone: null; readonly addresses: readonly IpAddress[] };
  /** Calls back on the first Ctrl-C or SIGTERM; the second one ends the process. Returns a function that stops listening. */
  onInterrupt(callback: () => void): () => void;
  /** Descriptors of listening sockets that systemd handed over (sd_listen_fds(3)); empty where there are none. */
  inheritedSockets(): readonly number[];
  /** Calls back at each SIGHUP, which ends the process where nobody listens. Returns a function that stops listening. */
  onHangup(callback: () => void): () => void;
}

/** Unix ms. */
export const wallClockMs = (): number => Date.now();

export function processIo(): Io {
  // Every error is that of the write below.
  process.stdout.on('error', () => undefined);
  // Where errors would be said: there is nobody to say this one to.
  process.stderr.on('error', () => undefined);
  return {
    out: (text) =>
      new Promise((resolve, reject) => {
        process.stdout.write(text, (error) => {
          // A reader that goes away (`probe x | head`) is no error of ours; what is left to do and the exit code stay what they are.
          const isGone = error != null && 'code' in error && error.code === 'EPIPE';
          if (error == null || isGone) resolve();
          else reject(writeError('standard output', error));
        });
      }),
    err: (text) => void process.stderr.write(text),
    logSink: async () => (await import('../agent/log/line-sink.ts')).openLineSink(process.stderr.fd),
    standardInput,
    ...(process.stdin.isTTY && process.stderr.isTTY ? { ask: askAtTerminal } : {}),
    stdoutIsTerminal: process.stdout.isTTY,
    stderrIsTerminal: process.stderr.isTTY,
    stderrIsJournal: isJournal(process.stderr.fd),
    columns: columnsOf(process.stdout.columns, process.env['COLUMNS']),
    env: process.env,
    wallClockMs,
    newId: randomUUID,
    vantage: () => ({ name: hostname(), zone: null, addresses: ownAddresses() }),
    inheritedSockets,
    onInterrupt,
    onHangup(callback) {
      process.on('SIGHUP', callback);
      return () => void process.off('SIGHUP', callback);
    },
  };
}

async function standardInput(maxBytes: number): Promise<string> {
  try {
    return (await bounded(process.stdin, maxBytes, 'standard input')).toString('utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read standard input: ${systemWords(error)}`);
  }
}

/** A stream to its end. @throws UsageError when it is larger, as soon as it is */
export async function bounded(stream: AsyncIterable<Buffer>, maxBytes: number, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new UsageError(`${name} is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Ctrl-C and Ctrl-D are no answer. */
async function askAtTerminal(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const gone = new AbortController();
  lines.once('close', () => gone.abort());
  try {
    return await lines.question(question, { signal: gone.signal }).catch(() => '');
  } finally {
    lines.close();
  }
}

/** As systemd.exec(5) says under JOURNAL_STREAM: the variable alone may be that of another stream. */
function isJournal(fd: number): boolean {
  const stream = process.env['JOURNAL_STREAM'];
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd);
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** The first is 3; whoever is not the process that they are meant for has others under these numbers. */
function inheritedSockets(): readonly number[] {
  const { LISTEN_FDS: count = '', LISTEN_PID: pid } = process.env;
  if (pid !== String(process.pid) || !/^\d{1,3}$/.test(count)) return [];
  return Array.from({ length: Number(count) }, (_, at) => 3 + at);
}

/** Width of the terminal, else of COLUMNS, else 80; never under 40, where nothing fits. */
function columnsOf(terminal: number | undefined, variable: string | undefined): number {
  const wanted = terminal ?? (/^\d{1,4}$/.test(variable ?? '') ? Number(variable) : 80);
  return Math.max(40, wanted === 0 ? 80 : wanted);
}

function ownAddresses(): readonly IpAddress[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal && !address.address.startsWith('fe80:'))
    .map((address) => address.address as IpAddress)
    .slice(0, 16);
}

function onInterrupt(callback: () => void): () => void {
  let calls = 0;
  const listener = (signal: NodeJS.Signals): void => {
    calls++;
    if (calls > 1) process.exit(signal === 'SIGINT' ? 130 : 143);
    callback();
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return () => {
    process.off('SIGINT', listener);
    process.off('SIGTERM', listener);
  };
}
