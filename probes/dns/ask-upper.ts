// Owns asking a zone above the leaf for the way down: a few of its servers side by side, others only when these fail.
// Never waits for a second server once one has shown the way; what the others say is collected behind.
import { setTimeout as delay } from 'node:timers/promises';
import { type Problem, problem } from '../../src/model/problem.ts';
import { familyOf } from '../../src/model/target.ts';
import { type DnsName, type IpAddress, sameText, type WireText } from '../../src/model/text.ts';
import type { Told } from './ask.ts';
import { ofType } from './ask.ts';
import { summed } from './ask-zone.ts';
import type { ServerError, ServerEvidence, ZoneEvidence } from './evidence.ts';
import { type Direction, directionOf } from './referral.ts';
import { overTcp, type Walk } from './walk-bounds.ts';

/** Servers of one zone asked at once; of the root one more, because its failure ends the walk. */
const AT_ONCE = 2;
const AT_ONCE_ROOT = 3;
/** Servers of one zone asked at most. */
const AT_MOST = 6;
/** Without an answer after this long others are asked beside; a round trip round the world takes half of it. */
const HEDGE_MS = 600;

/** A zone on the way and the addresses of its servers. */
export interface Upper {
  readonly zone: DnsName;
  readonly names: readonly WireText[];
  readonly located: readonly Located[];
}

export interface Located {
  readonly name: WireText;
  readonly address: IpAddress;
}

/** What one server said about the way to the name. */
export interface Heard {
  readonly server: Located;
  readonly told: Told;
  readonly direction: Direction;
}

export interface Level {
  /** The first that shows the way; null when none does. */
  readonly way: (Heard & { readonly direction: Extract<Direction, { kind: 'referral' | 'end' }> }) | null;
  readonly astray: Extract<Direction, { kind: 'astray' }>['because'] | null;
  /** Of the first server that failed. */
  readonly problem: Problem | null;
  /** The zone's record, once all that were asked have answered or failed. */
  readonly evidence: Promise<ZoneEvidence>;
}

export async function askUpper(walk: Walk, upper: Upper, name: DnsName, isRoot: boolean): Promise<Level> {
  const order = inOrder(upper.located).slice(0, AT_MOST);
  const heard: Promise<Heard>[] = [];
  const records: Promise<readonly [IpAddress, ServerEvidence]>[] = [];
  const size = isRoot ? AT_ONCE_ROOT : AT_ONCE;
  let way: Level['way'] = null;
  for (let at = 0; at < order.length && way === null && !walk.signal.aborted; at += size) {
    for (const server of order.slice(at, at + size)) {
      const asking = askWay(walk, upper.zone, name, server);
      heard.push(asking);
      records.push(asking.then((one) => recordOf(walk, upper.zone, one)));
    }
    const isLast = at + size >= order.length;
    way = await firstWay(heard, isLast || isRoot ? null : HEDGE_MS);
    // A root whose servers are all silent is behind a closed port 53: asking the others would only cost time.
    if (isRoot && way === null && (await Promise.all(heard)).some(({ told }) => told.problem?.code === 'dns-timeout'))
      break;
  }
  const all = way === null ? await Promise.all(heard) : [];
  const evidence = Promise.all(records).then((asked) => zoneRecord(upper, name, new Map(asked)));
  const astray = all.flatMap(({ direction }) => (direction.kind === 'astray' ? [direction.because] : []))[0] ?? null;
  const trouble = all.flatMap(({ told }) => told.problem ?? [])[0] ?? null;
  return { way, astray, problem: trouble, evidence };
}

async function askWay(walk: Walk, zone: DnsName, name: DnsName, server: Located): Promise<Heard> {
  const told = await walk.ask(server.address, { name, type: 'SOA', recursionDesired: false, nsid: true });
  const direction = told.reply === null ? ({ kind: 'nothing' } as const) : directionOf(told.reply, zone, name);
  return { server, told, direction };
}

/** The first that shows the way, as soon as it does; null when all failed, or none has within the time given. */
async function firstWay(heard: readonly Promise<Heard>[], withinMs: number | null): Promise<Level['way']> {
  const { promise, resolve } = Promise.withResolvers<Level['way']>();
  for (const one of heard) void one.then((each) => showsWay(each) && resolve(each));
  void Promise.all(heard).then(() => resolve(null));
  if (withinMs === null) return promise;
  const patience = new AbortController();
  const enough = delay(withinMs, null, { signal: patience.signal }).catch(() => null);
  const first = await Promise.race([promise, enough]);
  patience.abort();
  return first;
}

function showsWay(heard: Heard): heard is Heard & { direction: Extract<Direction, { kind: 'referral' | 'end' }> } {
  return heard.direction.kind === 'referral' || heard.direction.kind === 'end';
}

/** Two servers by IPv4, two by IPv6, and so on: a machine with one family only still finds its servers early. */
function inOrder(located: readonly Located[]): readonly Located[] {
  const byFamily = ([4, 6] as const).map((family) => {
    const of = located.filter(({ address }) => familyOf(address) === family);
    // One address of each name before the second of any.
    const firsts = of.filter((one, index) => of.findIndex((other) => other.name === one.name) === index);
    return [...firsts, ...of.filter((one) => !firsts.includes(one))];
  });
  const [v4 = [], v6 = []] = byFamily;
  const rounds = Array.from({ length: Math.ceil(Math.max(v4.length, v6.length) / AT_ONCE) }, (_, round) => [
    ...v4.slice(round * AT_ONCE, (round + 1) * AT_ONCE),
    ...v6.slice(round * AT_ONCE, (round + 1) * AT_ONCE),
  ]);
  return rounds.flat();
}

/** The server's own word on the zone that it was asked as a server of. */
async function recordOf(walk: Walk, zone: DnsName, { server, told, direction }: Heard) {
  const { address } = server;
  const silent = { address, authoritative: null, rttMs: null, serial: null, rcode: null, answers: [] };
  if (told.problem !== null) return [address, { ...silent, error: told.problem.code }] as const;
  const { elapsedMs: rttMs, nsid } = told.reply;
  const own = await walk.ask(address, { name: zone, type: 'SOA', recursionDesired: false });
  const soa = own.reply === null ? null : ofType(own.reply.answers, 'SOA').find((one) => sameText(one.name, zone));
  const authoritative = own.reply === null ? null : own.reply.authoritative && soa !== undefined;
  const lost = direction.kind === 'astray' || direction.kind === 'nothing' || authoritative === false;
  const error: ServerError | null = lost ? 'not-authoritative' : (own.problem?.code ?? null);
  const record: ServerEvidence = {
    ...{ ...silent, authoritative, rttMs, serial: soa?.soa.serial ?? null, error },
    ...(nsid === null ? {} : { nsid }),
    ...(walk.wantsTcp(zone) ? { tcp: await overTcp(walk, address, zone) } : {}),
  };
  return [address, record] as const;
}

function zoneRecord(upper: Upper, entry: DnsName, asked: ReadonlyMap<IpAddress, ServerEvidence>): ZoneEvidence {
  const { zone, names, located } = upper;
  return {
    zone,
    entry,
    nameservers: names.map((name) => {
      const addresses = located.filter((one) => sameText(one.name, name)).map(({ address }) => address);
      return summed({ name, addresses, error: null }, asked);
    }),
    problem: names.length === 0 ? problem('nodata', 'gather') : null,
    addressesNotAsked: new Set(located.map(({ address }) => address)).size - asked.size,
  };
}
