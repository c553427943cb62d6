// Owns asking a zone above the leaf for the way down: a few of its servers side by side, others only when these fail.
// Never waits for a second server once one has shown the way; what the others say is collected behind.
import { setTimeout as delay } from 'node:timers/promises';
import { type Problem, problem } from '../../src/model/problem.ts';
import { familyOf } from '../../src/model/target.ts';
import { type DnsName, type IpAddress, ROOT, sameText, type WireText } from '../../src/model/text.ts';
import { ofType, type Told } from './ask.ts';
import { lamenessOf } from './ask-server.ts';
import { summed } from './ask-zone.ts';
import type { ServerError, ServerEvidence, ZoneEvidence } from './evidence.ts';
import type { Located } from './locate.ts';
import { type Direction, directionOf } from './referral.ts';
import { overTcp, type Walk } from './walk-bounds.ts';

/** Servers of one zone asked at once: enough to see whether they agree. */
const AT_ONCE = 4;
/** Servers of a zone that was asked before asked at once, for another name. */
const AT_ONCE_AGAIN = 2;
/** Servers of one zone asked at most. */
const AT_MOST = 8;
/** Addresses of one family before those of the other. */
const IN_A_ROW = 2;
/** Without an answer after this long others are asked beside; a round trip round the world takes half of it. */
const HEDGE_MS = 600;

/** A zone on the way and its name servers. */
export interface Upper {
  readonly zone: DnsName;
  readonly servers: readonly Located[];
}

export interface ServerAt {
  readonly name: WireText;
  readonly address: IpAddress;
}

/** What one server said about the way to the name. */
export interface Heard {
  readonly server: ServerAt;
  readonly told: Told;
  readonly direction: Direction;
}

export type Way = Heard & { readonly direction: Extract<Direction, { kind: 'referral' | 'end' }> };

export interface Level {
  /** The first that shows the way; null when none does. */
  readonly way: Way | null;
  readonly astray: Extract<Direction, { kind: 'astray' }>['because'] | null;
  /** Of the first server that failed. */
  readonly problem: Problem | null;
  /** All that were asked, once they have answered or failed. */
  readonly heard: Promise<readonly Heard[]>;
  /** The zone's record, then. Empty of servers for a zone that was asked before. */
  readonly evidence: Promise<ZoneEvidence>;
}

/** `before`: the addresses that answered when the zone was asked for another name; null when it was not. */
export async function askUpper(
  walk: Walk,
  upper: Upper,
  name: DnsName,
  before: ReadonlySet<IpAddress> | null,
): Promise<Level> {
  const order = inOrder(placesOf(upper), before).slice(0, AT_MOST);
  const size = before === null ? AT_ONCE : AT_ONCE_AGAIN;
  const isRoot = upper.zone === ROOT;
  const heard: Promise<Heard>[] = [];
  const records: Promise<readonly [IpAddress, ServerEvidence]>[] = [];
  let way: Level['way'] = null;
  for (let at = 0; at < order.length && way === null && !walk.signal.aborted; at += size) {
    for (const server of order.slice(at, at + size)) {
      const asking = askWay(walk, upper.zone, name, server);
      heard.push(asking);
      if (before === null) records.push(asking.then((one) => recordOf(walk, upper.zone, one)));
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
  return { way, astray, problem: trouble, heard: Promise.all(heard), evidence };
}

/** Every address of the zone's servers once, with the first name that has it. */
export function placesOf({ servers }: Upper): readonly ServerAt[] {
  const all = servers.flatMap(({ name, addresses }) => addresses.map((address) => ({ name, address })));
  return all.filter(({ address }, index) => all.findIndex((other) => other.address === address) === index);
}

async function askWay(walk: Walk, zone: DnsName, name: DnsName, server: ServerAt): Promise<Heard> {
  const told = await walk.ask(server.address, { name, type: 'SOA', recursionDesired: false, nsid: true });
  const direction = told.reply === null ? ({ kind: 'nothing' } as const) : directionOf(told.reply, zone, name);
  return { server, told, direction };
}

/** The first that shows the way, as soon as it does; null when all failed, or none has within the time given. */
async function firstWay(heard: readonly Promise<Heard>[], withinMs: number | null): Promise<Way | null> {
  const { promise, resolve } = Promise.withResolvers<Way | null>();
  for (const one of heard) void one.then((each) => showsWay(each) && resolve(each));
  void Promise.all(heard).then(() => resolve(null));
  if (withinMs === null) return promise;
  const patience = new AbortController();
  const enough = delay(withinMs, null, { signal: patience.signal }).catch(() => null);
  const first = await Promise.race([promise, enough]);
  patience.abort();
  return first;
}

function showsWay(heard: Heard): heard is Way {
  return heard.direction.kind === 'referral' || heard.direction.kind === 'end';
}

/** Two servers by IPv4, two by IPv6, and so on: a machine with one family only still finds its servers early. */
function inOrder(all: readonly ServerAt[], before: ReadonlySet<IpAddress> | null): readonly ServerAt[] {
  const byFamily = ([4, 6] as const).map((family) => {
    const of = all.filter(({ address }) => familyOf(address) === family);
    // One address of each name before the second of any.
    const firsts = of.filter((one, index) => of.findIndex((other) => other.name === one.name) === index);
    return [...firsts, ...of.filter((one) => !firsts.includes(one))];
  });
  const [v4 = [], v6 = []] = byFamily;
  const rounds = Array.from({ length: Math.ceil(Math.max(v4.length, v6.length) / IN_A_ROW) }, (_, round) => [
    ...v4.slice(round * IN_A_ROW, (round + 1) * IN_A_ROW),
    ...v6.slice(round * IN_A_ROW, (round + 1) * IN_A_ROW),
  ]);
  const answered = ({ address }: ServerAt): number => Number(before?.has(address) === true);
  return rounds.flat().toSorted((a, b) => answered(b) - answered(a));
}

/** The server's own word on the zone that it was asked as a server of. */
async function recordOf(walk: Walk, zone: DnsName, { server, told, direction }: Heard) {
  const { address } = server;
  const silent = { address, authoritative: null, rttMs: null, serial: null, rcode: null, answers: [] };
  if (told.problem !== null) {
    const { code, detail } = told.problem;
    return [address, { ...silent, error: code, ...(detail === null ? {} : { detail }) }] as const;
  }
  const { elapsedMs: rttMs, nsid } = told.reply;
  const [own, tcp] = await Promise.all([
    walk.ask(address, { name: zone, type: 'SOA', recursionDesired: false }),
    walk.wantsTcp(zone) ? overTcp(walk, address, zone) : null,
  ]);
  const soa = own.reply === null ? null : ofType(own.reply.answers, 'SOA').find((one) => sameText(one.name, zone));
  const authoritative = own.reply === null ? null : own.reply.authoritative && soa !== undefined;
  const lost = direction.kind === 'astray' || direction.kind === 'nothing' || authoritative === false;
  const error: ServerError | null = lost ? 'not-authoritative' : (own.problem?.code ?? null);
  const record: ServerEvidence = {
    ...{ ...silent, authoritative, rttMs, serial: soa?.soa.serial ?? null, error },
    ...(authoritative === false && own.reply !== null ? { lameness: lamenessOf(own.reply, zone) } : {}),
    ...(nsid === null ? {} : { nsid }),
    ...(tcp === null ? {} : { tcp }),
  };
  return [address, record] as const;
}

function zoneRecord(upper: Upper, entry: DnsName, asked: ReadonlyMap<IpAddress, ServerEvidence>): ZoneEvidence {
  const { zone, servers } = upper;
  return {
    zone,
    entry,
    nameservers: servers.map((one) => summed(one, asked)),
    problem: servers.length === 0 ? problem('nodata', 'gather') : null,
    addressesNotAsked: new Set(placesOf(upper).map(({ address }) => address)).size - asked.size,
  };
}
