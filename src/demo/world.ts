// Owns the embedded kms.example world: authorities, resolver, three zones with balancers and hosts, all on loopback.
// Never needs root, the internet or a file; takes no well-known port.
import type { PlainDnsServer } from '../contract/net.ts';
import { ipAddress } from '../model/target.ts';
import type { IpAddress } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';
import { type Binding, bindTogether, explainBinding } from './binding.ts';
import { monotonicSeconds, timeOfDay } from './clock.ts';
import type { Query, Reply } from './dns/message.ts';
import { createResolver } from './dns/resolver.ts';
import { routed } from './dns/routing.ts';
import { createDnsServer } from './dns/server.ts';
import { answerAbove, registryZone, rootZone } from './dns/upper-zones.ts';
import { answerFrom, DOMAIN, originOf, REGISTRY, ROOT, zonesOf } from './dns/zone-data.ts';
import { createBalancer } from './http/balancer.ts';
import { type Host, startHost } from './http/host.ts';
import { createListener } from './http/listener.ts';
import { createLifetime, type Lifetime } from './lifetime.ts';
import { type Authority, createAuthority } from './pki/authority.ts';
import { createChain } from './pki/chain.ts';
import { type Random, seededRandom } from './random.ts';
import {
  type DnsFault,
  demoScript,
  type HostScript,
  type UpperServerScript,
  type WorldScript,
  type ZoneFault,
  type ZoneScript,
} from './script.ts';

export interface World {
  /** HTTPS port, the same on the address of each zone. */
  readonly port: number;
  /** The recursive resolver. */
  readonly resolver: PlainDnsServer;
  /** Port of every authoritative server. */
  readonly authorityPort: number;
  /** The root that signed the world's certificates. */
  readonly caPem: string;
  readonly zones: readonly { readonly name: string; readonly addresses: readonly IpAddress[] }[];
  /** Changes a zone's fault from the next connection on; `refuse` stops listening, anything else listens again. */
  fault(zone: string, fault: ZoneFault): Promise<void>;
  /** The same for a name server by its label (`ns1`, `a.root`, `b.nic`), or `resolver`. */
  dnsFault(server: string, fault: DnsFault): Promise<void>;
  close(): Promise<void>;
}

/** What the parts of one world share. */
interface Setting {
  readonly script: WorldScript;
  readonly random: Random;
  readonly lifetime: Lifetime;
  readonly trusted: Authority;
  readonly stranger: Authority;
  readonly nowMs: number;
}

/** A listener whose fault can change; `refuse` is done by not being bound. */
interface Part<F extends string> {
  readonly name: string;
  readonly binding: Binding;
  readonly state: { fault: F };
}

function part<F extends string>(name: string, initial: F, create: (fault: () => F) => Binding): Part<F> {
  const state = { fault: initial };
  return { name, state, binding: create(() => state.fault) };
}

/** Binds all parts to one port; those that refuse are let go of again, so that their port is known to be free. */
async function open<F extends string>(parts: readonly Part<F>[]): Promise<number> {
  const port = await bindTogether(parts.map(({ binding }) => binding));
  for (const { binding, state } of parts) if (state.fault === 'refuse') binding.unbind();
  return port;
}

async function change<F extends string>(
  parts: readonly Part<F>[],
  name: string,
  fault: F,
  port: number,
): Promise<void> {
  const found = parts.find((each) => each.name === name);
  if (found === undefined) throw new UsageError(`the world has no "${name}"`);
  const before = found.state.fault;
  found.state.fault = fault;
  if (fault === 'refuse' && before !== 'refuse') found.binding.unbind();
  if (fault !== 'refuse' && before === 'refuse') await found.binding.bind(port);
}

function dnsParts(setting: Setting, port: () => number): readonly Part<DnsFault>[] {
  const { script, random, lifetime } = setting;
  const authorities = script.nameServers.map((server) => {
    const zones = zonesOf(server, script);
    const answer = (query: Query) => routed(answerFrom(zones, query.name, query.type), query, script.policy, random);
    return authority(server, setting, answer);
  });
  const above = upperParts(setting);
  const resolve = createResolver({
    authorities: (name) => serversOf(name, script).map(({ address }) => ({ address, port: port() })),
    clock: monotonicSeconds,
    ended: lifetime.signal,
  });
  const resolver = part('resolver', script.resolver.fault, (fault) =>
    createDnsServer({
      ...{ name: 'resolver', address: script.resolver.address, recursive: true },
      ...{ answer: resolve, fault, random, lifetime },
    }),
  );
  return [...authorities, ...above, resolver];
}

/** One authoritative server, by its label. */
function authority(
  { label, address, fault: initial }: UpperServerScript,
  { random, lifetime }: Setting,
  answer: (query: Query) => Reply,
): Part<DnsFault> {
  return part(label, initial, (fault) =>
    createDnsServer({ name: label, address, recursive: false, answer, fault, random, lifetime }),
  );
}

function upperParts(setting: Setting): readonly Part<DnsFault>[] {
  const { script } = setting;
  const above = [
    [script.rootServers, rootZone(script)],
    [script.registryServers, registryZone(script)],
  ] as const;
  return above.flatMap(([servers, zone]) =>
    servers.map((server) => authority(server, setting, ({ name, type }) => answerAbove(zone, name, type))),
  );
}

/** The authorities of the zone that a name is in. */
function serversOf(name: string, script: WorldScript): readonly UpperServerScript[] {
  const origin = originOf(name);
  if (origin === ROOT) return script.rootServers;
  return origin === REGISTRY ? script.registryServers : script.nameServers;
}

/** Hosts stand on 127.0.40.1 and up, in the order of the script. */
const hostAddress = (at: number): string => `127.0.40.${at + 1}`;
const hostScripts = (script: WorldScript): readonly HostScript[] => script.zones.flatMap((zone) => zone.hosts);

async function startHosts({ script, lifetime }: Setting): Promise<ReadonlyMap<string, Host>> {
  const hosts = hostScripts(script).map((host, at) => startHost(host, hostAddress(at), lifetime));
  return new Map((await Promise.all(hosts)).map((host) => [host.name, host]));
}

async function zonePart(
  zone: ZoneScript,
  hosts: ReadonlyMap<string, Host>,
  setting: Setting,
): Promise<Part<ZoneFault>> {
  const { random, lifetime, trusted, stranger, nowMs } = setting;
  const { key, daysLeft, lifetimeDays, issuer, certificate: state } = zone;
  const chain = await createChain({
    state,
    key,
    daysLeft,
    lifetimeDays,
    issuer,
    name: DOMAIN,
    trusted,
    stranger,
    nowMs,
  });
  const behind = zone.hosts.flatMap(({ name }) => hosts.get(name) ?? []);
  const answer = createBalancer({ zone, hosts: behind, random, lifetime, clock: monotonicSeconds });
  return part(zone.name, zone.fault, (fault) => createListener({ zone, chain, random, lifetime, fault, answer }));
}

function loopback(text: string): IpAddress {
  const address = ipAddress(text);
  if (address === null || !address.startsWith('127.')) {
    throw new UsageError(`"${text}" is no IPv4 loopback address`, 'addresses of a script are in 127.0.0.0/8');
  }
  return address;
}

/** Every address a world takes. */
function addressesOf(script: WorldScript): readonly IpAddress[] {
  const { nameServers, rootServers, registryServers, resolver, zones } = script;
  const named = [...nameServers, ...rootServers, ...registryServers, resolver, ...zones].map(({ address }) => address);
  return [...named, ...hostScripts(script).map((_, at) => hostAddress(at))].map(loopback);
}

async function assemble(setting: Setting): Promise<World> {
  const { script, lifetime } = setting;
  const zones = script.zones.map(({ name, address }) => ({ name, addresses: [loopback(address)] }));
  const resolver = loopback(script.resolver.address);
  const hosts = await startHosts(setting);
  const balancers = await Promise.all(script.zones.map((zone) => zonePart(zone, hosts, setting)));
  let authorityPort = 0;
  const servers = dnsParts(setting, () => authorityPort);
  authorityPort = await open(servers);
  const port = await open(balancers);
  return {
    port,
    resolver: { address: resolver, port: authorityPort },
    authorityPort,
    caPem: setting.trusted.rootCertificate.pem,
    zones,
    fault: (zone, fault) => change(balancers, zone, fault, port),
    dnsFault: (server, fault) => change(servers, server, fault, authorityPort),
    close: () => lifetime.end(),
  };
}

/**
 * Starts a world and resolves when every listener answers. The default is the demo: one sick host, one certificate with six days left,
 * one slow zone.
 * @throws UsageError when this machine lacks a loopback address the script names
 */
export async function startWorld(script: WorldScript = demoScript): Promise<World> {
  const addresses = addressesOf(script);
  const lifetime = createLifetime();
  const nowMs = timeOfDay();
  const setting: Setting = {
    script,
    random: seededRandom(script.seed),
    lifetime,
    trusted: createAuthority('Example KMS', nowMs),
    stranger: createAuthority('Stranger', nowMs),
    nowMs,
  };
  try {
    return await assemble(setting);
  } catch (error) {
    await lifetime.end();
    throw explainBinding(error, addresses);
  }
}
