// Owns a thread that makes probes for the agent: the modules that it was sent, one probe a message, and its answer (src/agent/probe-threads.ts).
// Decides nothing: who may ask, how often, and what is kept is known to the agent alone.
import { enableCompileCache } from 'node:module';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type FromThread, inTurns, type Line, type ThreadTold, type ToThread } from '../agent/probe-threads.ts';
import type { BlackboxConfig } from '../blackbox/config/modules.ts';
import { readBlackboxConfig } from '../blackbox/config/read.ts';
import { expose } from '../blackbox/gauges.ts';
import type { PlainAsk } from '../blackbox/handler.ts';
import { runProbe } from '../blackbox/run.ts';
import { wallClockMs } from './io.ts';
import { type GroundOptions, openProbeGround, type ProbeGround } from './probe-ground.ts';

enableCompileCache();
if (parentPort === null) throw new Error('not a thread');
await serve(parentPort, await openProbeGround(workerData as GroundOptions, wallClockMs));

async function serve(port: MessagePort, ground: ProbeGround): Promise<void> {
  const underWay = new Map<number, AbortController>();
  let config: BlackboxConfig | null = null;
  const tell = inTurns<FromThread>(port);
  const answer = async (id: number, ask: PlainAsk): Promise<void> => {
    const stop = new AbortController();
    underWay.set(id, stop);
    try {
      tell({ kind: 'told', id, told: await probed(ask, config, ground, stop.signal) });
    } catch (error) {
      tell({ kind: 'fault', id, words: error instanceof Error ? error.message : 'thrown without an error' });
    } finally {
      underWay.delete(id);
    }
  };
  const hear = (message: ToThread): void => {
    if (message.kind === 'modules') config = readBlackboxConfig(message.text);
    else if (message.kind === 'cancel') underWay.get(message.id)?.abort();
    else void answer(message.id, message.ask);
  };
  port.on('message', (messages: readonly ToThread[]) => {
    for (const message of messages) hear(message);
  });
  tell({ kind: 'ready' });
}

async function probed(
  { name, target, hostname, timeoutSeconds, exposition }: PlainAsk,
  config: BlackboxConfig | null,
  ground: ProbeGround,
  signal: AbortSignal,
): Promise<ThreadTold> {
  const module = config?.modules.get(name);
  if (module === undefined) throw new Error(`the thread has no module "${name}"`);
  const lines: Line[] = [];
  const { gauges, success, log } = await runProbe(
    { module, name, target, hostname, timeoutSeconds },
    { ...ground, signal, onLine: (...line) => lines.push(line) },
  );
  const openmetrics = exposition === 'openmetrics' ? expose(gauges, exposition) : null;
  return { success, log, text: expose(gauges, 'text'), openmetrics, lines };
}
