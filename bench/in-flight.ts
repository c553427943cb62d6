// Owns how far figures are from the packets with hundreds of samples in flight and no CPU left: on sockets of our own, and on Node's.
// node bench/in-flight.ts [IN FLIGHT] [SAMPLES]; needs root, tcpdump and a machine with nothing else to do. Asserts nothing.
import type { RequestTrace } from '../src/model/trace.ts';
import { openSampler } from '../src/net/sample/sampler.ts';
import { endpointFor, optionsFor } from '../src/net/sample/test/riding.ts';
import { capture, type Phases } from '../src/net/stamped/test/packets.ts';
import { startSlowServer } from '../src/net/stamped/test/slow-server.ts';
import { quantile } from '../src/stats/quantile.ts';

const [inFlight = 500, samples = 3000] = process.argv.slice(2).map(Number);
const ANSWER_MS = 20;
const PHASES = ['connect', 'tls', 'wait'] as const;

for (const clock of ['kernel', 'loop'] as const) {
  const server = await startSlowServer({ protocol: 'TLSv1.3', handshakeMs: 0, answerMs: ANSWER_MS });
  const packets = await capture('tcpdump', server);
  const { traces, rate, cpu } = await take(server, clock);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await packets.stop();
  await server[Symbol.asyncDispose]();
  const truths = packets.phases();
  if (truths.length !== samples) throw new Error(`tcpdump saw ${truths.length} of ${samples} connections`);
  console.log(
    `${clock}: ${inFlight} in flight, ${samples} samples, ${rate.toFixed(0)}/s, ${cpu.toFixed(0)} % of a CPU`,
  );
  for (const id of PHASES) console.log(`  ${id.padEnd(8)}${lineOf(id, traces, truths)}`);
}

async function take(server: Parameters<typeof endpointFor>[0], clock: 'kernel' | 'loop') {
  const sampler = await openSampler(optionsFor(server, { clock, timeoutMs: 60_000 }));
  const { signal } = new AbortController();
  const traces: RequestTrace[] = [];
  const [beganMs, cpuBefore] = [performance.now(), process.cpuUsage()];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < samples) {
      const at = begun++;
      traces[at] = (await sampler.sample(endpointFor(server), at, signal)).trace;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const tookMs = performance.now() - beganMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  await sampler.close();
  return { traces, rate: (samples / tookMs) * 1000, cpu: (user + system) / tookMs / 10 };
}

/** Errors of the figures that are told by that clock, and whether each one's own uncertainty holds the truth. */
function lineOf(id: (typeof PHASES)[number], traces: readonly RequestTrace[], truths: readonly Phases[]): string {
  const told = traces.flatMap(({ spans, problem }, at) => {
    const [span, truth] = [spans[id], truths[at]?.[id] ?? Number.NaN];
    return span === undefined || problem !== null ? [] : [{ span, off: Math.abs(span.durationMs - truth) }];
  });
  const off = told.map((one) => one.off).toSorted((a, b) => a - b);
  const [p50, p90, p99, most] = [0.5, 0.9, 0.99, 1].map((q) => quantile(off, q).toFixed(3));
  const bounded = told.filter(({ span }) => span.uncertaintyMs !== undefined);
  const beyond = bounded.filter(({ span, off: error }) => error > (span.uncertaintyMs ?? 0) + 0.05).length;
  const wide = bounded.map(({ span }) => span.uncertaintyMs ?? 0).toSorted((a, b) => a - b);
  const stated = wide.length === 0 ? 'none' : `${quantile(wide, 0.5).toFixed(2)} / ${quantile(wide, 0.99).toFixed(2)}`;
  const kernel = told.filter(({ span }) => span.clock === 'kernel').length;
  return `off by p50 ${p50}, p90 ${p90}, p99 ${p99}, max ${most} ms; by the kernel ${kernel}; ± p50 / p99 ${stated} ms, ${beyond} beyond it; failed ${traces.length - told.length}`;
}
