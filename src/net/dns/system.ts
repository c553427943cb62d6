// Owns which resolvers this machine asks, and how a person writes one. Never asks the system's own resolver library.
import { open } from 'node:fs/promises';
import type { DnsServer } from '../../contract/net.ts';
import { ipAddress, zeroPadded } from '../../model/target.ts';
import type { IpAddress } from '../../model/text.ts';
import { UsageError } from '../../model/usage-error.ts';

const DNS_PORT = 53;
const RESOLV_CONF = '/etc/resolv.conf';
const MAX_BYTES = 65_536;
/** resolv.conf(5): MAXNS, the nameserver lines that count. */
const MAX_RESOLVERS = 3;

/** The resolvers of resolv.conf(5), in its order; 127.0.0.1 when it names none or cannot be read. */
export async function systemResolvers(path: string = RESOLV_CONF): Promise<readonly DnsServer[]> {
  return parseResolvConf(await readStart(path));
}

/** Reads `nameserver` lines. Addresses with a scope id (`fe80::1%eth0`) are passed over. */
export function parseResolvConf(text: string): readonly DnsServer[] {
  const found = text.split('\n').flatMap((line) => {
    const address = /^nameserver\s+(\S+)/.exec(line)?.[1];
    const read = address === undefined ? null : ipAddress(address);
    return read === null ? [] : [{ address: read, port: DNS_PORT }];
  });
  return found.length > 0 ? found.slice(0, MAX_RESOLVERS) : [{ address: '127.0.0.1' as IpAddress, port: DNS_PORT }];
}

/**
 * Reads `IP`, `IP#PORT` or `[v6]#PORT`.
 * @throws UsageError that says which form is wanted
 */
export function parseResolver(text: string): DnsServer {
  const found = /^\[?([^\]#[]+)\]?(?:#(\d{1,5}))?$/.exec(text.trim());
  const address = ipAddress(found?.[1] ?? '');
  const port = found?.[2] === undefined ? DNS_PORT : Number(found[2]);
  if (address === null || port < 1 || port > 65_535) {
    throw new UsageError(
      `"${text}" is not a resolver address`,
      zeroPadded(found?.[1] ?? '') ?? 'write an IP address, and #PORT unless it is 53: 127.0.0.1#5353',
    );
  }
  return { address, port };
}

/** As `parseResolver` reads it. */
export function formatServer({ address, port }: DnsServer): string {
  return port === DNS_PORT ? address : `${address}#${port}`;
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
