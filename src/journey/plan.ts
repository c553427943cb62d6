// Owns saying beforehand what a journey would send, and to whom. Sends nothing.
import type { AnyProbe } from '../contract/probe.ts';
import { formatDuration } from '../model/duration.ts';
import { LIMITS, MAX_ENDPOINTS, type RideSettings } from './settings.ts';

/** One line a kind of traffic. */
export function planOf(settings: RideSettings, probes: readonly AnyProbe[]): readonly string[] {
  const { target, samples, rate, connect, families, request } = settings;
  const each = `${samples} x ${request.method} ${target.url}`;
  const pace = `each on a new connection, at most ${rate} a second to one address`;
  const chosen = probes.filter((probe) => settings.probes.includes(probe.id));
  return [
    ...dnsLines(settings),
    connect.length > 0 || target.isAddress
      ? `${target.scheme}: ${each} to ${addresses(settings)}, ${pace}`
      : `${target.scheme}: ${each} to every address that DNS gives (at most ${MAX_ENDPOINTS}), ${pace}`,
    ...chosen.flatMap((probe) => (probe.sends === null ? [] : [`${probe.id}: ${probe.sends}`])),
    `bounds: ${formatDuration(settings.timeoutMs)} a step, ${formatDuration(settings.deadlineMs)} in all, ${LIMITS.bodyBytes / 1024} KiB of each body, IPv${families.join(' and IPv')}`,
  ];
}

function dnsLines(settings: RideSettings): readonly string[] {
  if (settings.connect.length > 0 || settings.target.isAddress) return [];
  const types = settings.families.map((family) => (family === 4 ? 'A' : 'AAAA')).join(' and ');
  const servers =
    settings.resolvers?.map(({ address, port }) => `${address}#${port}`).join(', ') ?? "the system's resolvers";
  return [
    `dns: ${settings.samples} x ${types} of ${settings.target.host} to ${servers}, at most ${settings.rate} a second`,
  ];
}

function addresses(settings: RideSettings): string {
  if (settings.connect.length === 0) return `${settings.target.host}:${settings.target.port}`;
  return settings.connect.map(({ address, port }) => `${address}:${port ?? settings.target.port}`).join(', ');
}
