// Owns trying whether packets of full size get through to an endpoint, and where they end when they do not. Judges nothing.
// One connection where they do; smaller ones side by side, and datagrams with a rising lifetime, only where they do not.
import type { FullSize, Reach, SegmentTrial } from '../../contract/path.ts';
import { type Attempt, problem } from '../../model/problem.ts';
import type { Endpoint } from '../../model/target.ts';
import { now } from '../clock.ts';
import type { Meter } from '../meter.ts';
import type { Opening } from './opening.ts';
import { sendPacket, type Wire } from './packet.ts';
import { ENOUGH_BYTES, trySegment } from './segment.ts';

/**
 * Packets that links are made for: PPPoE (RFC 2516 7), tunnels of GRE, IPsec and WireGuard, what IPv6 asks for at least (RFC 8200 5), X.25 and the
 * least that IPv4 asks for (RFC 1191 7.1). Below the least of IPv6 one more, so that two get through where only that least does.
 */
const SIZES = {
  4: [1492, 1476, 1460, 1420, 1400, 1280, 1006, 576],
  6: [1492, 1476, 1460, 1420, 1400, 1340, 1280, 1240],
};
/** Of links with large packets, before those. */
const LARGE_SIZES = [4352, 1500];
/** Lifetimes asked at once, and how many at all. */
const BATCH = 8;
const MAX_TTL = 32;
const GIVE_UP_MS = 900;

export interface FullSizeWire extends Wire {
  readonly meter: Meter;
  /** Resolves when the next packet may be sent. */
  readonly turn: (signal: AbortSignal) => Promise<void>;
}

export async function tryFullSize(
  wire: FullSizeWire,
  endpoint: Endpoint,
  opening: Opening,
): Promise<Attempt<FullSize>> {
  const beganMs = now();
  const learnt: { trials: SegmentTrial[]; reaches: readonly Reach[] } = { trials: [], reaches: [] };
  const ending = (): Attempt<FullSize> => {
    const elapsedMs = now() - beganMs;
    if (wire.signal.aborted) return { state: 'unfinished', value: learnt.trials.length > 1 ? learnt : null, elapsedMs };
    if (learnt.trials.length > 0) return { state: 'complete', value: learnt, elapsedMs };
    return { state: 'failed', problem: problem('connect-timeout', 'gather'), elapsedMs };
  };
  const full = await segment(wire, endpoint, opening, null);
  if (full === null) return ending();
  learnt.trials.push(full);
  if (isThrough(full) || wire.signal.aborted) return ending();
  const sizes = [...LARGE_SIZES, ...SIZES[endpoint.family]].filter((bytes) => bytes < full.packetBytes);
  // The full size once more: it was no accident then.
  const more = await Promise.all([null, ...sizes].map((packetBytes) => segment(wire, endpoint, opening, packetBytes)));
  learnt.trials.push(...more.filter((trial) => trial !== null));
  const passed = learnt.trials.find(({ delivered }) => delivered);
  if (!full.delivered && passed !== undefined && !wire.signal.aborted)
    learnt.reaches = await reaches(wire, endpoint, [full.packetBytes, passed.packetBytes]);
  return ending();
}

function isThrough({ delivered, ended, receivedBytes }: SegmentTrial): boolean {
  return delivered && (ended || receivedBytes === null || receivedBytes >= ENOUGH_BYTES);
}

async function segment(
  wire: FullSizeWire,
  endpoint: Endpoint,
  opening: Opening,
  packetBytes: number | null,
): Promise<SegmentTrial | null> {
  await wire.turn(wire.signal);
  if (wire.signal.aborted) return null;
  wire.meter.add({ connections: 1 });
  const sent = await trySegment(wire, endpoint, opening, packetBytes);
  wire.meter.add({ bytesSent: sent?.sentBytes ?? 0, bytesReceived: sent?.trial.receivedBytes ?? 0 });
  // Cut off by the signal before it came to an end: it tells nothing.
  return sent === null || (wire.signal.aborted && !isThrough(sent.trial)) ? null : sent.trial;
}

/** The farthest router that answers to each size. Both at once to each router: a limit on answers meets them alike. */
async function reaches(
  wire: FullSizeWire,
  endpoint: Endpoint,
  sizes: readonly [number, number],
): Promise<readonly Reach[]> {
  const answered: Reach[] = [];
  for (let first = 1; first <= MAX_TTL; first += BATCH) {
    const ttls = Array.from({ length: BATCH }, (_, at) => first + at);
    const packets = ttls.flatMap((ttl) => sizes.map((packetBytes) => ({ ttl, packetBytes })));
    const told = await Promise.all(packets.map((packet) => datagram(wire, endpoint, packet)));
    const routers = told.flatMap((one) => (one === null ? [] : [one]));
    answered.push(...routers.flatMap(({ isEnd, reach }) => (isEnd ? [] : [reach])));
    if (routers.length === 0 || routers.some(({ isEnd }) => isEnd) || wire.signal.aborted) break;
  }
  return sizes.flatMap((bytes) => {
    const own = answered.filter(({ packetBytes }) => packetBytes === bytes);
    return own.toSorted((a, b) => b.ttl - a.ttl).slice(0, 1);
  });
}

async function datagram(
  wire: FullSizeWire,
  { address, family, port }: Endpoint,
  { ttl, packetBytes }: { readonly ttl: number; readonly packetBytes: number },
): Promise<{ readonly isEnd: boolean; readonly reach: Reach } | null> {
  await wire.turn(wire.signal);
  if (wire.signal.aborted) return null;
  wire.meter.add({ traceProbes: 1 });
  const packet = {
    method: 'udp',
    address,
    family,
    port,
    sourcePort: 0,
    ttl,
    giveUpMs: GIVE_UP_MS,
    packetBytes,
  } as const;
  const fate = await sendPacket(wire, packet);
  if (!fate.sent || fate.came.from === null) return null;
  return { isEnd: fate.came.outcome !== 'router', reach: { packetBytes, ttl, from: fate.came.from } };
}
