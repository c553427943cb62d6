// Owns probing every address behind a target instead of the first one: each with the right Host and server name, a roll-up, and a quorum.
// What blackbox_exporter's users ask for (#51, #1378, #1512): one sick zone behind a name is otherwise hidden, or pages by chance.

import { isIP } from 'node:net';
import type { AddressRanges } from '../model/address-ranges.ts';
import { bareHost } from '../model/target.ts';
import type { Quorum } from './config/extension.ts';
import type { Module } from './config/modules.ts';
import { Mistake } from './failure.ts';
import { type Gauges, secondsSince } from './gauges.ts';
import type { ResolveName } from './probe.ts';
import { splitHostPort } from './resolving.ts';
import { type Outcome, withBound } from './run.ts';
import { sourceFamily } from './source.ts';
import { type Zones, zoneOf } from './zones.ts';

/** Addresses of one name that are probed; the others are counted. */
const MOST_ADDRESSES = 16;

/** Host that a target names, of whatever prober. */
export function hostOf(target: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(target) && URL.canParse(target)) return bareHost(new URL(target));
  if (isIP(target) !== 0) return target;
  const withPort = splitHostPort(target);
  if (withPort !== null) return withPort.host;
  return URL.canParse(`http://${target}`) ? bareHost(new URL(`http://${target}`)) : target;
}

export interface Everywhere {
  readonly target: string;
  readonly module: Module;
  readonly quorum: Quorum;
  readonly timeoutSeconds: number;
  /** Of the clouds; null where none were given. */
  readonly networks: AddressRanges | null;
}

/** One probe of the address or addresses that the resolver knows, within so many seconds. */
type Run = (module: Module, resolve: ResolveName, timeoutSeconds: number) => Promise<Outcome>;

/** The gauges of the worst of them, with those of every address and the roll-up beside. */
export async function everyAddress(
  { target, module, quorum, timeoutSeconds, networks }: Everywhere,
  resolve: ResolveName,
  signal: AbortSignal,
  run: Run,
): Promise<Outcome> {
  const startMs = performance.now();
  const left = (): number => timeoutSeconds - secondsSince(startMs);
  const host = hostOf(target);
  const zones = module.outrider?.zones ?? NO_ZONES;
  const found = await addressesOf(host, module, resolve, (look) => withBound(timeoutSeconds * 1000, signal, look));
  const lookupSeconds = secondsSince(startMs);
  const all = Array.isArray(found) ? inOrder(new Set<string>(found)) : [];
  const probed = all.slice(0, MOST_ADDRESSES);
  const outcomes = await Promise.all(
    probed.map(async (address): Promise<Probed> => {
      const only: ResolveName = (name, family, stop) =>
        name.toLowerCase() === host.toLowerCase() ? Promise.resolve([address]) : resolve(name, family, stop);
      const outcome = await run(towards(module, address), only, left());
      const zone = zoneOf(address, host, zones, networks);
      return { address, zone, outcome, seconds: outcome.gauges.value('probe_duration_seconds') ?? 0 };
    }),
  );
  const ranked = outcomes.toSorted(
    (a, b) => Number(a.outcome.success) - Number(b.outcome.success) || b.seconds - a.seconds,
  );
  const [worst] = ranked;
  const {
    gauges,
    success: alone,
    failure,
    log,
  } = worst?.outcome ?? (await run(module, onceRefused(found, resolve), left()));
  const succeeded = outcomes.filter(({ outcome }) => outcome.success).length;
  const wanted = quorum === 'all' ? outcomes.length : quorum === 'any' ? 1 : quorum;
  const success = worst === undefined ? alone : succeeded >= wanted;
  for (const one of outcomes) tellAddress(gauges, one);
  tellRollUp(gauges, ranked, all.length - probed.length);
  tellZones(gauges, ranked, zones);
  gauges.gauge('probe_success', '').set(success ? 1 : 0);
  gauges.gauge('probe_timeout_seconds', '').set(timeoutSeconds);
  // Once for all of them: each was given its own.
  if (worst !== undefined) gauges.gauge('probe_dns_lookup_time_seconds', '').set(lookupSeconds);
  // Enough of them answer: what is wrong with one is said of that one.
  if (success) gauges.drop('probe_failure_info');
  const logs = worst === undefined ? [log] : outcomes.map(({ outcome }) => outcome.log);
  return { gauges, success, failure: success ? null : failure, log: logs.join('') };
}

/** Always the same: a resolver turns its answers round, and another sixteen of twenty at every scrape would be new series each time. */
function inOrder(addresses: ReadonlySet<string>): readonly string[] {
  return [...addresses].toSorted((a, b) => isIP(a) - isIP(b) || a.localeCompare(b, 'en', { numeric: true }));
}

/** Nobody to probe is said by a probe that meets the same refusal; when it is repeated, the name is looked up anew. */
function onceRefused(found: readonly string[] | Error, resolve: ResolveName): ResolveName {
  let refusal = found instanceof Error ? found : null;
  return (...asked) => {
    const refused = refusal;
    refusal = null;
    return refused === null ? resolve(...asked) : Promise.reject(refused);
  };
}

const NO_ZONES: Zones = new Map();

interface Probed {
  readonly address: string;
  readonly zone: string | null;
  readonly outcome: Outcome;
  readonly seconds: number;
}

/** @returns or why there are none */
async function addressesOf(
  host: string,
  module: Module,
  resolve: ResolveName,
  bounded: (look: (signal: AbortSignal) => Promise<readonly string[]>) => Promise<readonly string[]>,
): Promise<readonly string[] | Error> {
  const family = onlyFamily(module);
  if (isIP(host) !== 0)
    return family === null || family === isIP(host)
      ? [host]
      : new Mistake(`address ${host}: no suitable address found`);
  try {
    return await bounded((signal) => resolve(host, family, signal));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The one family that the module goes to; null: either. grpc without a block of its own says nothing by what Go's zero values say. */
function onlyFamily(module: Module): 4 | 6 | null {
  const { prober } = module;
  const source = sourceFamily(module);
  if (source !== null) return source;
  if (prober === 'unix') return null;
  const { preferred_ip_protocol: preferred, ip_protocol_fallback: fallback } = module[prober];
  if (fallback || (prober === 'grpc' && preferred === '')) return null;
  return preferred === 'ip4' ? 4 : 6;
}

const placeOf = ({ address, zone }: Probed): Readonly<Record<string, string>> =>
  zone === null ? { address } : { address, zone };

function tellAddress(gauges: Gauges, probed: Probed): void {
  const labels = placeOf(probed);
  const { gauges: own, success, failure } = probed.outcome;
  if (failure !== null)
    gauges
      .labelled(
        'probe_address_failure_info',
        'Where on its way the probe of this address failed, why, and whose fault',
        {
          ...labels,
          ...failure,
        },
      )
      .set(1);
  gauges
    .labelled('probe_address_success', 'Whether the probe of this address was a success', labels)
    .set(success ? 1 : 0);
  gauges
    .labelled('probe_address_duration_seconds', 'How long the probe of this address took', labels)
    .set(probed.seconds);
  // Of every certificate that was seen, refused or not; one node of several that was left out of a renewal shows here.
  for (const [family, name, help] of EXPIRIES) {
    const expiry = own.value(family);
    if (expiry !== null) gauges.labelled(name, help, labels).set(expiry);
  }
  const attempts = own.value('probe_attempts');
  if (attempts !== null)
    gauges.labelled('probe_address_attempts', 'Attempts that the probe of this address took', labels).set(attempts);
}

const EXPIRIES = [
  [
    'probe_ssl_served_not_after_timestamp_seconds',
    'probe_address_earliest_cert_expiry_timestamp_seconds',
    'When the first certificate that this address serves ends',
  ],
  [
    'probe_ssl_breaks_timestamp_seconds',
    'probe_address_breaks_timestamp_seconds',
    'When clients begin to refuse what this address serves, or when they did',
  ],
] as const;

/** @param ranked the worst first */
function tellRollUp(gauges: Gauges, ranked: readonly Probed[], leftOut: number): void {
  const failed = ranked.filter(({ outcome }) => !outcome.success);
  gauges.gauge('probe_addresses', 'Addresses behind the target that were probed').set(ranked.length);
  gauges.gauge('probe_addresses_failed', 'Addresses behind the target whose probe failed').set(failed.length);
  gauges.gauge('probe_addresses_left_out', 'Addresses behind the target beyond those that are probed').set(leftOut);
  const [worst] = ranked;
  if (worst === undefined) return;
  const best = ranked.findLast(({ outcome }) => outcome.success);
  gauges
    .gauge('probe_addresses_worst_duration_seconds', 'Longest probe of an address')
    .set(Math.max(...ranked.map(({ seconds }) => seconds)));
  gauges
    .labelled('probe_addresses_worst_info', '1 for the address that failed, or was the slowest', placeOf(worst))
    .set(1);
  if (best !== undefined) {
    gauges
      .gauge('probe_addresses_best_duration_seconds', 'Shortest probe of an address that succeeded')
      .set(best.seconds);
    gauges.labelled('probe_addresses_best_info', '1 for the address that succeeded the fastest', placeOf(best)).set(1);
  }
  tellAttempts(gauges, ranked);
}

/** A zone of the module's own list that has no address any more has none, which is no news without a series. */
function tellZones(gauges: Gauges, ranked: readonly Probed[], zones: Zones): void {
  const known = new Set([...zones.keys(), ...ranked.flatMap(({ zone }) => zone ?? [])]);
  for (const zone of known) {
    const own = ranked.filter((one) => one.zone === zone);
    gauges.labelled('probe_zone_addresses', 'Addresses of this zone that were probed', { zone }).set(own.length);
    gauges
      .labelled('probe_zone_addresses_failed', 'Addresses of this zone whose probe failed', { zone })
      .set(own.filter(({ outcome }) => !outcome.success).length);
  }
}

/** Of any address, where failed probes are repeated: the worst one may be another than the one that flapped. */
function tellAttempts(gauges: Gauges, ranked: readonly Probed[]): void {
  const most = (name: string): number => Math.max(...ranked.map(({ outcome }) => outcome.gauges.value(name) ?? 0));
  if (gauges.value('probe_attempts') === null) return;
  for (const name of ['probe_attempts', 'probe_attempts_duration_seconds', 'probe_first_attempt_failed'])
    gauges.gauge(name, '').set(most(name));
}

/** The module with the address's family preferred: which one is left out by choice must not make an address fail. */
function towards(module: Module, address: string): Module {
  const family = { preferred_ip_protocol: isIP(address) === 6 ? 'ip6' : 'ip4', ip_protocol_fallback: true };
  return {
    ...module,
    // A proxy that looks names up itself would choose the address itself.
    http: { ...module.http, ...family, skip_resolve_phase_with_proxy: false },
    tcp: { ...module.tcp, ...family },
    dns: { ...module.dns, ...family },
    icmp: { ...module.icmp, ...family },
    grpc: { ...module.grpc, ...family },
    websocket: { ...module.websocket, ...family },
  };
}
