// Owns reading SRV records (RFC 2782): where a service is. Asks nobody.
import type { DnsRecord } from '../../contract/net.ts';
import { type DnsName, dnsName } from '../../model/text.ts';
import { readName } from './names.ts';

export interface ServicePlace {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly host: DnsName;
}

/** @returns null for a record of another type, one without a host name, and the one that says that there is no such service (target `.`) */
export function readService(record: DnsRecord): ServicePlace | null {
  if (record.type !== 'other' || record.typeName !== 'SRV') return null;
  const bytes = Buffer.from(record.rdataHex, 'hex');
  // It was read once already, so that it is whole.
  const host = dnsName(readName(bytes, 6, { left: 0 }).text);
  const [priority, weight, port] = [bytes.readUInt16BE(0), bytes.readUInt16BE(2), bytes.readUInt16BE(4)];
  return host === null || port === 0 ? null : { priority, weight, port, host };
}
