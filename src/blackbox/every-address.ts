// Owns probing every address behind a target instead of the first one: each with the right Host and server name, a roll-up, and a quorum.
// What blackbox_exporter's users ask for (#51, #1378, #1512): one sick zone behind a name is otherwise hidden, or pages by chance.

import { isIP } from 'node:net';
import { bareHost } from '../model/target.ts';
import type { Module } from './config/modules.ts';
import type { Failure } from './failure.ts';
import type { Gauges } from './gauges.ts';
import type { ResolveName } from './probe.ts';
import { splitHostPort } from './resolving.ts';

/** Addresses of one name that are probed; the others are counted. */
const MOST_ADDRESSES = 16;

/** How many addresses must succeed. */
export type Quorum = 'all' | 'any' | number;

export interface Outcome {
  readonly gauges: Gauges;
  readonly success: boolean;
  /** Null when it succeeded, and when only the quorum was missed. */
  readonly failure: Failure | null;
  readonly log: string;
}

/** `all`, `any` or a number from 1; null for anything else. */
export function quorumOf(text: string | null): Quorum | null {
  if (text === null || text === '' || text === 'all') return 'all';
  if (text === 'any') return 'any';
  return /^[1-9]\d{0,3}$/.test(text) ? Number(text) : null;
}

/** Host that a target names, of whatever prober. */
export function hostOf(target: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(target) && URL.canParse(target)) return bareHost(new URL(target));
  if (isIP(target) !== 0) return target;
  const withPort = splitHostPort(target);
  if (withPort !== null) return withPort.host;
  return URL.canParse(`http://${target}`) ? bareHost(new URL(`http://${target}`)) : target;
}

/**
 * @param run one probe, by a resolver that knows one address of the host
 * @returns the gauges of the worst of them, with those of every address and the roll-up beside; null where no address was found
 */
export async function everyAddress(
  { target, module, quorum }: { readonly target: string; readonly module: Module; readonly quorum: Quorum },
  resolve: ResolveName,
  signal: AbortSignal,
  run: (module: Module, resolve: ResolveName) => Promise<Outcome>,
): Promise<Outcome | null> {
  const host = hostOf(target);
  const found = isIP(host) === 0 ? await resolve(host, null, signal).catch(() => []) : [host];
  const all = [...new Set(found)];
  const probed = all.slice(0, MOST_ADDRESSES);
  const outcomes = await Promise.all(
    probed.map(async (address) => {
      const only: ResolveName = (name, family, stop) =>
        name === host ? Promise.resolve([address]) : resolve(name, family, stop);
      return { address, ...(await run(towards(module, address), only)) };
    }),
  );
  const durationOf = ({ gauges }: Outcome): number => gauges.value('probe_duration_seconds') ?? 0;
  const [worst] = outcomes.toSorted((a, b) => Number(a.success) - Number(b.success) || durationOf(b) - durationOf(a));
  if (worst === undefined) return null;
  const succeeded = outcomes.filter(({ success }) => success).length;
  const wanted = quorum === 'all' ? outcomes.length : quorum === 'any' ? 1 : quorum;
  const { gauges } = worst;
  for (const outcome of outcomes) tellAddress(gauges, outcome.address, outcome);
  const times = outcomes.map(durationOf);
  gauges.gauge('probe_addresses', 'Addresses behind the target that were probed').set(outcomes.length);
  gauges
    .gauge('probe_addresses_failed', 'Addresses behind the target whose probe failed')
    .set(outcomes.length - succeeded);
  gauges
    .gauge('probe_addresses_left_out', 'Addresses behind the target beyond those that are probed')
    .set(all.length - probed.length);
  gauges.gauge('probe_addresses_best_duration_seconds', 'Shortest probe of an address').set(Math.min(...times));
  gauges.gauge('probe_addresses_worst_duration_seconds', 'Longest probe of an address').set(Math.max(...times));
  const success = succeeded >= wanted;
  gauges.gauge('probe_success', 'Displays whether or not the probe was a success').set(success ? 1 : 0);
  return { gauges, success, failure: success ? null : worst.failure, log: outcomes.map(({ log }) => log).join('') };
}

function tellAddress(gauges: Gauges, address: string, { gauges: own, success }: Outcome): void {
  const labels = { address };
  gauges
    .labelled('probe_address_success', 'Whether the probe of this address was a success', labels)
    .set(success ? 1 : 0);
  gauges
    .labelled('probe_address_duration_seconds', 'How long the probe of this address took', labels)
    .set(own.value('probe_duration_seconds') ?? 0);
  const expiry = own.value('probe_ssl_earliest_cert_expiry');
  if (expiry !== null)
    gauges
      .labelled(
        'probe_address_earliest_cert_expiry_timestamp_seconds',
        'When the first certificate that this address serves ends',
        labels,
      )
      .set(expiry);
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
