// Owns which proxy a request goes through, as golang.org/x/net/http/httpproxy chooses it: proxy_url or the environment, less what no_proxy names.
// Speaks to none.

import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { bareHost } from '../model/target.ts';

export interface ProxyConfig {
  readonly proxy_url: string;
  readonly no_proxy: string;
  readonly proxy_from_environment: boolean;
  readonly proxy_connect_header: ReadonlyMap<string, readonly string[]>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Something about a proxy that this side must mend. */
export class BadProxy extends Error {}

export function hasProxy({ proxy_url, proxy_from_environment }: ProxyConfig): boolean {
  return proxy_url !== '' || proxy_from_environment;
}

/** By scheme, as net/http has them. */
const PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'socks5:': 1080, 'socks5h:': 1080 };

export const portOf = ({ port, protocol }: URL): number => (port === '' ? (PORTS[protocol] ?? 80) : Number(port));

/** To Go both schemes mean the same: the proxy looks up what is asked for by name. */
export const isSocks = ({ protocol }: Pick<URL, 'protocol'>): boolean =>
  protocol === 'socks5:' || protocol === 'socks5h:';

/**
 * @param names other names of the URL's host that no_proxy may name it by
 * @returns null: straight to the target
 * @throws BadProxy for one that cannot be spoken to; the words hold no password
 */
export function proxyFor(config: ProxyConfig, url: URL, env: Environment, names: readonly string[] = []): URL | null {
  const { proxy_url, no_proxy, proxy_from_environment } = config;
  if (!hasProxy(config)) return null;
  // As net/http's ProxyURL: with nothing to except, this machine too is asked for through the proxy.
  if (!proxy_from_environment && no_proxy === '') return proxyOf(proxy_url, 'proxy_url');
  const isSecure = url.protocol === 'https:';
  const name = isSecure ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const given = proxy_from_environment ? valueIn(env, name) : proxy_url;
  if (given === '') return null;
  const except = proxy_from_environment ? valueIn(env, 'NO_PROXY') : no_proxy;
  if ([bareHost(url), ...names].some((host) => goesStraight(except, host, portOf(url)))) return null;
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(given);
  return proxyOf(hasScheme ? given : `http://${given}`, proxy_from_environment ? name : 'proxy_url');
}

function valueIn(env: Environment, name: string): string {
  const upper = env[name] ?? '';
  return upper === '' ? (env[name.toLowerCase()] ?? '') : upper;
}

/** @param from where it was written. @throws BadProxy */
export function proxyOf(text: string, from: string): URL {
  const proxy = URL.canParse(text) ? new URL(text) : null;
  if (proxy !== null && (proxy.protocol === 'http:' || proxy.protocol === 'https:')) return proxy;
  if (proxy !== null && isSocks(proxy) && proxy.hostname !== '') return proxy;
  if (proxy !== null && proxy.protocol.startsWith('socks'))
    throw new BadProxy(`${from}: of SOCKS only version 5 is spoken: write socks5://proxy.example:1080`);
  throw new BadProxy(`${from} is not the URL of a proxy: write http://proxy.example:3128, https:// or socks5://`);
}

/** Entries of NO_PROXY that are read. */
const MOST_ENTRIES = 1000;

/** True for this machine, and for what an entry of the list names (httpproxy.Config.useProxy). */
export function goesStraight(noProxy: string, given: string, port: number): boolean {
  const host = given.trim().toLowerCase();
  if (host === 'localhost' || holds('127.0.0.0', 8, host) || holds('::1', 128, host)) return true;
  return noProxy
    .split(',', MOST_ENTRIES)
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && isNamed(entry, host, port));
}

function isNamed(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [network = '', bits] = entry.split('/');
  if (bits !== undefined && isIP(network) !== 0 && /^\d{1,3}$/.test(bits)) return holds(network, Number(bits), host);
  const withPort = /^\[([^[\]]*)\]:(\d*)$/.exec(entry) ?? /^([^:[\]]*):(\d*)$/.exec(entry);
  const named = withPort?.[1] ?? entry;
  const wanted = withPort?.[2] ?? '';
  if (named === '' || (wanted !== '' && Number(wanted) !== port)) return false;
  const family = isIP(named);
  if (family !== 0) return holds(named, family === 6 ? 128 : 32, host);
  // `.a.example` and `*.a.example` name what is below a.example; `a.example` names itself as well.
  const domain = named.startsWith('*.') ? named.slice(1) : named;
  const isBelow = domain.startsWith('.');
  const plain = isBelow ? domain.slice(1) : domain;
  const ascii = domainToASCII(plain) || plain;
  return host.endsWith(`.${ascii}`) || (!isBelow && host === ascii);
}

function holds(network: string, bits: number, host: string): boolean {
  const [family, own] = [isIP(network), isIP(host)];
  if (own === 0 || bits > (family === 6 ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family === 6 ? 'ipv6' : 'ipv4');
  return list.check(host, own === 6 ? 'ipv6' : 'ipv4');
}
