// What the kernel's clock tells of a sample against the packets on the wire, as tcpdump stamps them, with the event loop kept busy.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { RequestTrace } from '../../src/model/trace.ts';
import { openSampler } from '../../src/net/sample/sampler.ts';
import { endpointFor, optionsFor } from '../../src/net/sample/test/riding.ts';
import { keepBusy } from '../../src/net/stamped/test/busy.ts';
import { startSlowServer } from '../../src/net/stamped/test/slow-server.ts';
import { findTool, requireRoot, requireTools } from './rig/tools.ts';

const SAMPLES = 40;
const ANSWER_MS = 30;
/** Medians; what issue and machine allow is more than what is measured: 0.1 ms. */
const TOLERANCE_MS = 1;

interface Packet {
  readonly atMs: number;
  readonly ours: boolean;
  readonly flags: string;
  readonly bytes: number;
}

const LINE = /^(\d+\.\d+) IP \S+\.(\d+) > \S+\.(\d+): Flags \[([^\]]+)\].* length (\d+)/;

/** Packets of each connection, by its port here, in the order seen. */
function connectionsOf(text: string, port: number): readonly (readonly Packet[])[] {
  const byPort = new Map<number, Packet[]>();
  for (const line of text.split('\n')) {
    const [, at, from, to, flags = '', length] = LINE.exec(line) ?? [];
    if (at === undefined) continue;
    const ours = Number(to) === port;
    const key = Number(ours ? from : to);
    const packets = byPort.get(key) ?? [];
    byPort.set(key, packets);
    const [seconds = '', fraction = ''] = at.split('.');
    packets.push({
      atMs: Number(seconds.slice(-5)) * 1000 + Number(`0.${fraction}`) * 1000,
      ours,
      flags,
      bytes: Number(length),
    });
  }
  return [...byPort.values()];
}

/** TLS 1.3: hello out to the last of the server's flight; all of the request out to what comes after the server has thought. */
function phasesOf(packets: readonly Packet[]): {
  readonly connect: number;
  readonly tls: number;
  readonly wait: number;
} {
  const at = (packet: Packet | undefined): number => packet?.atMs ?? Number.NaN;
  const data = packets.filter(({ bytes }) => bytes > 0);
  const hello = data.find(({ ours }) => ours);
  const reply = data.findIndex(({ ours }) => !ours);
  const second = data.findIndex(({ ours }, index) => ours && index > reply);
  const answer = data.find(
    ({ ours, atMs }, index) => index > second && !ours && atMs - at(data[index - 1]) > ANSWER_MS / 2,
  );
  const request = data.findLast(({ ours, atMs }) => ours && atMs < at(answer));
  const [syn, synAck] = [packets.find(({ flags }) => flags === 'S'), packets.find(({ flags }) => flags === 'S.')];
  return { connect: at(synAck) - at(syn), tls: at(data[second - 1]) - at(hello), wait: at(answer) - at(request) };
}

async function capture(port: number): Promise<{ text(): string; stop(): Promise<void> }> {
  const filter = ['-i', 'lo', '-n', '-tt', '--nano', '-l', '--immediate-mode', 'tcp', 'port', `${port}`];
  const child = spawn(findTool('tcpdump') ?? 'tcpdump', filter, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [text, words] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString('latin1')));
  await vi.waitFor(() => expect(words).toContain('listening on'), { timeout: 5_000 });
  return {
    text: () => text,
    async stop() {
      child.kill('SIGINT');
      await once(child, 'close');
    },
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

describe.skipIf(!requireTools(['tcpdump']) || !requireRoot())('the clock of the kernel', () => {
  it('agrees with tcpdump while the event loop is busy', { retry: 2, timeout: 60_000 }, async () => {
    await using server = await startSlowServer({ protocol: 'TLSv1.3', handshakeMs: 20, answerMs: ANSWER_MS });
    const packets = await capture(server.port);
    const sampler = await openSampler(optionsFor(server, { clock: 'kernel' }));
    const traces: RequestTrace[] = [];
    {
      using _ = keepBusy();
      for (let at = 0; at < SAMPLES; at++)
        traces.push((await sampler.sample(endpointFor(server), at, new AbortController().signal)).trace);
    }
    await sampler.close();
    await vi.waitFor(() => expect(connectionsOf(packets.text(), server.port)).toHaveLength(SAMPLES), {
      timeout: 5_000,
    });
    await packets.stop();
    const truths = connectionsOf(packets.text(), server.port).map(phasesOf);
    for (const id of ['connect', 'tls', 'wait'] as const) {
      const errors = traces.map(({ spans }, at) =>
        Math.abs((spans[id]?.durationMs ?? Number.NaN) - (truths[at]?.[id] ?? Number.NaN)),
      );
      expect(
        traces.every(({ spans }) => spans[id]?.clock === 'kernel'),
        id,
      ).toBe(true);
      expect(median(errors), `${id}: ${errors.map((ms) => ms.toFixed(2)).join(' ')}`).toBeLessThan(TOLERANCE_MS);
    }
  });
});
