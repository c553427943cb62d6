// Owns which resolvers this machine asks when nobody names others. Never asks the system's own resolver library.
import { open } from 'node:fs/promises';
import type { PlainDnsServer } from '../../contract/net.ts';
import { ipAddress } from '../../model/target.ts';
import type { IpAddress } from '../../model/text.ts';
import { now } from '../clock.ts';

const DNS_PORT = 53;
const RESOLV_CONF = '/etc/resolv.conf';
const MAX_BYTES = 65_536;
/** resolv.conf(5): MAXNS, the nameserver lines that count. */
const MAX_RESOLVERS = 3;

/** An agent asks again and again: so long what was read holds, ms. */
const KEPT_MS = 1000;
const lately = new Map<string, { readonly resolvers: Promise<readonly PlainDnsServer[]>; readonly atMs: number }>();

/** The resolvers of resolv.conf(5), in its order; 127.0.0.1 when it names none or cannot be read. */
export async function systemResolvers(path: string = RESOLV_CONF): Promise<readonly PlainDnsServer[]> {
  const kept = lately.get(path);
  if (kept !== undefined && now() - kept.atMs < KEPT_MS) return kept.resolvers;
  const resolvers = readStart(path).then(parseResolvConf);
  lately.set(path, { resolvers, atMs: now() });
  return resolvers;
}

/** Reads `nameserver` lines. Addresses with a scope id (`fe80::1%eth0`) are passed over. */
export function parseResolvConf(text: string): readonly PlainDnsServer[] {
  const found = text.split('\n').flatMap((line) => {
    const address = /^nameserver\s+(\S+)/.exec(line)?.[1];
    const read = address === undefined ? null : ipAddress(address);
    return read === null ? [] : [{ address: read, port: DNS_PORT }];
  });
  return found.length > 0 ? found.slice(0, MAX_RESOLVERS) : [{ address: '127.0.0.1' as IpAddress, port: DNS_PORT }];
}

async function readStart(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    // No such file, or not for us: resolv.conf(5) says to ask the local machine then.
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}
