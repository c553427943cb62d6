// Owns the choice of one address behind a target: the family that is preferred, the other where that is allowed, and what is
// written down about it. Never asks twice and never tries a second address: that is the exporter's way, and its users' alerts rest on it.

import { isIP } from 'node:net';
import { bytesOf, unmapped } from '../model/address-scope.ts';
import { ipAddress } from '../model/target.ts';
import type { IpAddress } from '../model/text.ts';
import { failureOf, Mistake, wordsOf } from './failure.ts';
import { secondsSince } from './gauges.ts';
import type { ProbeContext } from './probe.ts';

export interface Chosen {
  readonly address: string;
  readonly family: 4 | 6;
  /** Seconds that the lookup took. */
  readonly lookupSeconds: number;
}

interface Preference {
  /** `ip4`; anything else, and nothing, is `ip6`. */
  readonly preferred_ip_protocol: string;
  readonly ip_protocol_fallback: boolean;
}

/** @returns null when there is no address that may be gone to; the log says why */
export async function chooseAddress(
  context: ProbeContext,
  host: string,
  preference: Preference,
): Promise<Chosen | null> {
  const { gauges, log } = context;
  const protocol = gauges.gauge('probe_ip_protocol', 'Specifies whether probe ip protocol is IP4 or IP6');
  const lookup = gauges.gauge(
    'probe_dns_lookup_time_seconds',
    'Returns the time taken for probe dns lookup in seconds',
  );
  const hash = gauges.gauge(
    'probe_ip_addr_hash',
    "Specifies the hash of IP address. It's useful to detect if the IP address changes.",
  );
  const wanted = preference.preferred_ip_protocol === 'ip6' || preference.preferred_ip_protocol === '' ? 6 : 4;
  const name = `ip${wanted}`;
  log.debug('Resolving target address', { target: host, ip_protocol: name });
  const startMs = performance.now();
  const found = await addressesOf(context, host, preference.ip_protocol_fallback ? null : wanted);
  const lookupSeconds = secondsSince(startMs);
  lookup.add(lookupSeconds);
  if ('refusal' in found) {
    log.error('Resolution with IP protocol failed', { target: host, ip_protocol: name, err: wordsOf(found.refusal) });
    context.fail(failureOf(found.refusal, 'resolve'));
    return null;
  }
  const { addresses } = found;
  const address =
    addresses.find((one) => isIP(one) === wanted) ?? (preference.ip_protocol_fallback ? addresses.at(-1) : undefined);
  if (address === undefined) {
    log.error('Resolution with IP protocol failed', {
      target: host,
      ip_protocol: name,
      err: 'unable to find ip; no fallback',
    });
    context.fail({ phase: 'resolve', reason: 'no-address', fault: 'target' });
    return null;
  }
  const family = isIP(address) === 6 ? 6 : 4;
  log.debug('Resolved target address', { target: host, ip: address });
  protocol.set(family);
  hash.set(addressHash(address));
  const refusal = context.allows(address, host);
  if (refusal === null) return { address, family, lookupSeconds };
  context.fail({ phase: 'connect', reason: 'not-allowed', fault: 'prober' });
  log.error('Address is not allowed', { target: host, ip: address, err: refusal });
  return null;
}

async function addressesOf(
  { resolve, signal }: ProbeContext,
  host: string,
  family: 4 | 6 | null,
): Promise<{ readonly addresses: readonly string[] } | { readonly refusal: unknown }> {
  const literal = isIP(host);
  if (literal !== 0)
    return family === null || family === literal
      ? { addresses: [host] }
      : { refusal: new Mistake(`address ${host}: no suitable address found`) };
  try {
    return { addresses: await resolve(host, family, signal) };
  } catch (refusal) {
    return { refusal };
  }
}

/** FNV-1a of 32 bits over the 4 or 16 bytes of the address (draft-eastlake-fnv, section 2). */
export function addressHash(address: string): number {
  let hash = 0x811c9dc5;
  for (const byte of addressBytes(address)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** Of an IPv4 address in IPv6 clothes its own four (net.IP.To4). */
function addressBytes(text: string): readonly number[] {
  if (!text.includes(':')) return bytesOf(text as IpAddress);
  const address = ipAddress(text.replace(/%.*$/, ''));
  return address === null ? [] : unmapped(bytesOf(address));
}

/** `host:port` and `[v6]:port`, as net.SplitHostPort reads them; null for anything else. */
export function splitHostPort(target: string): { readonly host: string; readonly port: string } | null {
  const found = /^\[([^[\]]*)\]:([^:[\]]*)$/.exec(target) ?? /^([^:[\]]*):([^:[\]]*)$/.exec(target);
  return found === null ? null : { host: found[1] ?? '', port: found[2] ?? '' };
}
