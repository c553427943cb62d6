// Owns tracing from a process of its own, as any user and in any place: `trace.ts ADDRESS PORT OPTIONS`, the answer as JSON. A program of its own.
import type { TraceOptions } from '../../../src/contract/path.ts';
import { endpointId, familyOf } from '../../../src/model/target.ts';
import type { IpAddress } from '../../../src/model/text.ts';
import { createMeter } from '../../../src/net/meter.ts';
import { openTracer } from '../../../src/net/path/tracer.ts';

const [address = '', port = '', given = '{}'] = process.argv.slice(2);
const ip = address as IpAddress;
const options: TraceOptions = {
  ...{ method: 'tcp', flows: 1, rounds: 1, targetRounds: 100, maxTtl: 16, silentStop: 3, giveUpMs: 900 },
  ...(JSON.parse(given) as Partial<TraceOptions>),
};
const tracer = openTracer(createMeter());
const endpoint = { id: endpointId(ip, Number(port)), address: ip, port: Number(port), family: familyOf(ip) };
const rest = { zone: null, zoneSource: null, ttlSeconds: null };
const attempt = await tracer.trace({ ...endpoint, ...rest }, options, AbortSignal.timeout(60_000));
tracer.close();
process.stdout.write(JSON.stringify({ ...attempt, uid: process.getuid?.() }));
