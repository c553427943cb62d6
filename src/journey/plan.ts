// Owns saying beforehand what a journey would send, and to whom. Sends nothing.
import type { AnyProbe } from '../contract/probe.ts';
import { formatDuration } from '../model/duration.ts';
import { bareHost, ipAddress } from '../model/target.ts';
import { TRACE_FIELDS } from '../model/trace-context.ts';
import { formatServer } from '../net/dns/server-text.ts';
import { roundMs } from './pace.ts';
import { LIMITS, MAX_ENDPOINTS, type RideSettings } from './settings.ts';

/** One line a kind of traffic. */
export function planOf(settings: RideSettings, probes: readonly AnyProbe[]): readonly string[] {
  const { target, samples, rate, connect, families, request } = settings;
  const each = `${samples} x ${request.method} ${target.url}`;
  const traced = (request.traced ?? []).map((header) => TRACE_FIELDS[header]).join(' and ');
  const pace = `each on a new connection${traced === '' ? '' : ` and with ${traced} of its own`}, at most ${rate} a second to one address`;
  const isGiven = connect.length > 0 || target.isAddress;
  const chosen = probes.filter((probe) => settings.probes.includes(probe.id));
  const rides = chosen.some(({ reads }) => reads === 'ride');
  const whom = isGiven ? addresses(settings) : `every address that DNS gives (at most ${MAX_ENDPOINTS})`;
  const asking = chosen.filter(({ reads }) => reads !== 'lookup' || !isGiven);
  return [
    ...(isGiven ? [] : [dnsLine(settings, rides ? samples : 1), ...locatingLines(settings)]),
    ...(rides ? tokenLines(request) : []),
    ...(rides ? [`${target.scheme}: ${each} to ${whom}, ${pace}`] : []),
    ...asking.flatMap((probe) => sendsOf(probe, settings)),
    ...(rides ? deadlineHints(settings, chosen) : []),
    `bounds: ${formatDuration(settings.timeoutMs)} a step, ${formatDuration(settings.deadlineMs)} in all, ${LIMITS.bodyBytes / 1024} KiB of each body, IPv${families.join(' and IPv')}`,
  ];
}

function tokenLines({ credentials }: RideSettings['request']): readonly string[] {
  if (credentials?.scheme !== 'oauth2') return [];
  return [`auth: 1 x POST for a token to ${new URL(credentials.tokenUrl).host}, again shortly before it ends`];
}

function sendsOf({ id, sends }: AnyProbe, { target, probeOptions }: RideSettings): readonly string[] {
  const said = typeof sends === 'function' ? sends({ target, options: probeOptions[id] }) : sends;
  return said === null ? [] : [`${id}: ${said}`];
}

/** What the deadline leaves out: of the ride, or of what probes send after it. Empty when all is due before. */
export function deadlineHints(settings: RideSettings, probes: readonly AnyProbe[]): readonly string[] {
  const ofRide = deadlineHint(settings);
  if (ofRide !== null) return [ofRide];
  return probes
    .filter(({ id, reads }) => reads === 'ride' && settings.probes.includes(id))
    .flatMap((probe) => afterRideHint(probe, settings) ?? []);
}

function afterRideHint({ id, lastsMs }: AnyProbe, settings: RideSettings): string | null {
  const { target, probeOptions, deadlineMs } = settings;
  const needsMs = lastsMs?.({ target, options: probeOptions[id] }) ?? 0;
  const leftMs = Math.max(0, deadlineMs - lastSampleMs(settings));
  if (needsMs <= leftMs) return null;
  const left = leftMs === 0 ? 'nothing' : `about ${roughly(leftMs)}`;
  return `the deadline of ${formatDuration(deadlineMs)} leaves ${left} after the last sample for what ${id} sends then, which may take ${roughly(needsMs)}: some of it may be left out`;
}

/** Of the first endpoint; how many DNS gives is not known yet, and only from 41 on does it matter at 10 a second. */
function lastSampleMs({ samples, rate, connect }: RideSettings): number {
  const endpoints = Math.max(1, connect.length);
  return Math.round((samples - 1) * roundMs(rate, endpoints));
}

/** Null when every sample is due before the deadline. The lookup before the ride takes some of that time too: hence "about". */
export function deadlineHint(settings: RideSettings): string | null {
  const { samples, rate, deadlineMs, connect } = settings;
  const lastMs = lastSampleMs(settings);
  if (lastMs < deadlineMs) return null;
  const sent = Math.min(samples - 1, Math.max(1, Math.ceil(deadlineMs / roundMs(rate, Math.max(1, connect.length)))));
  return `the deadline of ${formatDuration(deadlineMs)} comes before the last sample (${roughly(lastMs)}): about ${sent} of ${samples} will be sent`;
}

function roughly(ms: number): string {
  if (ms < 1000) return formatDuration(ms);
  return ms < 60_000 ? `${Math.round(ms / 100) / 10}s` : formatDuration(Math.round(ms / 1000) * 1000);
}

function dnsLine(settings: RideSettings, lookups: number): string {
  const types = settings.families.map((family) => (family === 4 ? 'A' : 'AAAA')).join(' and ');
  const given = settings.resolvers ?? [];
  const turn = given.length > 1 ? ' (the next when one fails)' : '';
  const servers = given.length > 0 ? `${given.map(formatServer).join(', ')}${turn}` : "the system's resolvers";
  const pace = lookups > 1 ? `, at most ${settings.rate} a second` : '';
  return `dns: ${lookups} x ${types} of ${settings.target.host} to ${servers}${pace}`;
}

/** The host of a resolver's URL may be a name: it is looked up once. */
function locatingLines({ resolvers, families }: RideSettings): readonly string[] {
  const types = families.map((family) => (family === 4 ? 'A' : 'AAAA')).join(' and ');
  const hosts = (resolvers ?? []).flatMap((server) =>
    server.transport === 'https' ? [bareHost(new URL(server.url))] : [],
  );
  const names = [...new Set(hosts)].filter((host) => ipAddress(host) === null);
  return names.map((name) => `dns: 1 x ${types} of ${name} to the system's resolvers`);
}

function addresses(settings: RideSettings): string {
  if (settings.connect.length === 0) return `${settings.target.host}:${settings.target.port}`;
  return settings.connect.map(({ address, port }) => `${address}:${port ?? settings.target.port}`).join(', ');
}
