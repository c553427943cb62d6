// Owns what other programs say about the same service: dig, openssl s_client, curl. The witnesses of the system tests.
import { X509Certificate } from 'node:crypto';
import type { DnsAddress } from './dns.ts';
import { HERE, outputOf, type Place, run } from './rig.ts';
import type { Listen } from './web.ts';

export interface DigRecord {
  /** Without the final dot. */
  readonly name: string;
  readonly ttlSeconds: number;
  readonly type: string;
  readonly data: string;
}

/** The answer section as dig prints it. */
export async function dig(
  server: DnsAddress,
  name: string,
  type: string,
  place: Place = HERE,
): Promise<readonly DigRecord[]> {
  const asked = [`@${server.address}`, '-p', `${server.port}`, name, type, '+noall', '+answer'];
  return recordsOf(await outputOf([...place, 'dig', ...asked]));
}

function recordsOf(text: string): readonly DigRecord[] {
  const lines = text.split('\n').filter((line) => /^[^;\s]/.test(line));
  return lines.map((line) => {
    const [owner = '', ttl = '', , kind = '', ...data] = line.split(/\s+/);
    return { name: undotted(owner), ttlSeconds: Number(ttl), type: kind, data: data.join(' ') };
  });
}

/** The root keeps its dot. */
function undotted(name: string): string {
  return name === '.' ? name : name.replace(/\.$/, '');
}

export interface DigReply {
  /** `NOERROR`. */
  readonly status: string;
  /** `qr`, `aa`, `tc`. */
  readonly flags: readonly string[];
  /** How the answer came; dig says TCP when it went back for a truncated one. */
  readonly transport: 'UDP' | 'TCP';
  /** `network/source/scope` of the option that came back (RFC 7871 6); null without one. */
  readonly clientSubnet: string | null;
  readonly answer: readonly DigRecord[];
  readonly authority: readonly DigRecord[];
  readonly additional: readonly DigRecord[];
}

/** Asked of an authority: once, and without recursion. */
export const DIRECT = ['+norecurse', '+tries=1', '+time=1'] as const;

/** All that a server says to one question; null when no answer comes. */
export async function digReply(
  server: DnsAddress,
  [name, type]: readonly [name: string, type: string],
  flags: readonly string[],
  place: Place = HERE,
): Promise<DigReply | null> {
  const { stdout } = await run([...place, 'dig', `@${server.address}`, '-p', `${server.port}`, name, type, ...flags]);
  const [, status] = /status: (\w+)/.exec(stdout) ?? [];
  if (status === undefined) return null;
  const section = (title: string): readonly DigRecord[] =>
    recordsOf(new RegExp(`^;; ${title} SECTION:$([\\s\\S]*?)^$`, 'm').exec(stdout)?.[1] ?? '');
  return {
    status,
    flags: (/^;; flags: ([^;]*);/m.exec(stdout)?.[1] ?? '').split(' '),
    clientSubnet: /^; CLIENT-SUBNET: (\S+)/m.exec(stdout)?.[1] ?? null,
    transport: /^;; SERVER: .*\(TCP\)/m.test(stdout) ? 'TCP' : 'UDP',
    answer: section('ANSWER'),
    authority: section('AUTHORITY'),
    additional: section('ADDITIONAL'),
  };
}

/** Serial of the SOA that this server gives for the zone; RFC 1035 3.3.13: the third field. */
export async function digSerial(server: DnsAddress, zone: string, place: Place = HERE): Promise<number> {
  const [soa] = await dig(server, zone, 'SOA', place);
  return Number(soa?.data.split(' ')[2]);
}

export interface OpensslView {
  /** SHA-256 of the certificates as sent and in that order, lower-case hex. */
  readonly chainSent: readonly string[];
  readonly protocol: string;
  readonly cipher: string;
  /** X509_V_ERR number of the last error, 0 when trusted. */
  readonly verifyCode: number;
}

/** What `openssl s_client -showcerts` sees. */
export async function sClient(
  listen: Listen,
  servername: string,
  caFile: string,
  flags: readonly string[] = [],
): Promise<OpensslView> {
  const to = ['-connect', `${listen.address}:${listen.port}`, '-servername', servername, '-CAfile', caFile];
  const { stdout } = await run(['openssl', 's_client', '-showcerts', ...to, ...flags], 'Q\n');
  const pems = stdout.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  const [, protocol = '', cipher = ''] = /^New, (\S+), Cipher is (\S+)$/m.exec(stdout) ?? [];
  const verified = /Verify return code: (\d+)/.exec(stdout)?.[1];
  return {
    chainSent: pems.map((pem) => new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()),
    protocol,
    cipher,
    verifyCode: Number(verified),
  };
}

/** One request on a new connection, or medians over several, ms. curl counts all from the start, in seconds. */
export interface CurlTimes {
  readonly connect: number;
  readonly tls: number;
  readonly wait: number;
  readonly total: number;
}

const FORMAT =
  '%{time_namelookup} %{time_connect} %{time_appconnect} %{time_pretransfer} %{time_starttransfer} %{time_total}\\n';

/**
 * Requests with curl's clock, each on a new connection, at a steady pace. One process makes them all: one that has just
 * started has used up its turn on a busy machine, and waits for the processor where we do not.
 */
export async function curlTimes(
  url: string,
  listen: Listen,
  caFile: string,
  { requests, perSecond }: { readonly requests: number; readonly perSecond: number },
): Promise<readonly CurlTimes[]> {
  const { hostname } = new URL(url);
  const pinned = ['--resolve', `${hostname}:${listen.port}:${listen.address}`, '--cacert', caFile];
  const fresh = ['--no-sessionid', '--header', 'Connection: close', '--http1.1'];
  const paced = ['--rate', `${perSecond * 60}/m`, `${url}?[1-${requests}]`];
  const quiet = ['--silent', '--fail', '--output', '/dev/null', '--write-out', FORMAT];
  const lines = (await outputOf(['curl', ...quiet, ...fresh, ...pinned, ...paced])).trim().split('\n');
  return lines.map((line) => {
    const [lookup = 0, connect = 0, tls = 0, ready = 0, first = 0, total = 0] = line
      .split(' ')
      .map((seconds) => Number(seconds) * 1000);
    return { connect: connect - lookup, tls: tls - connect, wait: first - ready, total: total - lookup };
  });
}

export function medianTimes(runs: readonly CurlTimes[]): CurlTimes {
  const of = (phase: keyof CurlTimes): number => median(runs.map((one) => one[phase]));
  return { connect: of('connect'), tls: of('tls'), wait: of('wait'), total: of('total') };
}

/** Nearest rank, as the product's p50. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
}
