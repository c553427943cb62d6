// Owns samples of a process that has no descriptor left, and then has: node few-descriptors.ts PORT CLOCK, outcomes and connections counted on
// standard output as JSON. Never started without a limit on them, which it goes up to.
import { closeSync, openSync } from 'node:fs';
import type { Clock } from '../../../model/trace.ts';
import { createMeter } from '../../meter.ts';
import { openSampler } from '../../sample/sampler.ts';
import { endpointFor, optionsFor, outcomeOf } from '../../sample/test/riding.ts';
import { ADDRESS } from '../../sample/test/servers.ts';

const [port, clock] = process.argv.slice(2);
const where = { address: ADDRESS, port: Number(port) };
const meter = createMeter();
const sampler = await openSampler(optionsFor(where, { scheme: 'http', clock: clock as Clock, meter }));
const sample = async (sequence: number): Promise<string> =>
  outcomeOf((await sampler.sample(endpointFor(where), sequence, new AbortController().signal)).trace);
const before = await sample(0);
const taken: number[] = [];
try {
  for (;;) taken.push(openSync('/dev/null', 'r'));
} catch {
  // All of them are taken.
}
const without = await sample(1);
for (const fd of taken) closeSync(fd);
const after = await sample(2);
await sampler.close();
process.stdout.write(JSON.stringify({ outcomes: [before, without, after], connections: meter.read().connections }));
