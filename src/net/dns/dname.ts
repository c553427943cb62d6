// Owns reading DNAME records (RFC 6672), which move a whole subtree of names. Never makes an alias: servers do.
import type { DnsRecord } from '../../contract/net.ts';
import { interpret, type WireText, wireText } from '../../model/text.ts';
import { HOPS_PER_MESSAGE, MalformedMessage, readName } from './names.ts';

export interface Dname {
  readonly name: WireText;
  readonly target: WireText;
  readonly ttlSeconds: number;
}

/** Null for any other record, and for one that breaks its format. */
export function readDname(record: DnsRecord): Dname | null {
  if (record.type !== 'other' || record.typeName !== 'DNAME') return null;
  try {
    // RFC 6672 2.5: the target is not compressed.
    const target = readName(Buffer.from(record.rdataHex, 'hex'), 0, { left: HOPS_PER_MESSAGE });
    return { name: record.name, target: wireText(target.text), ttlSeconds: record.ttlSeconds };
  } catch (error) {
    if (error instanceof MalformedMessage) return null;
    throw error;
  }
}

/** True when the name is below the owner of the DNAME: the owner itself is not moved (RFC 6672 2.3). */
export function moves({ name }: Pick<Dname, 'name'>, below: string): boolean {
  return interpret(name, (owner): boolean => below.endsWith(`.${owner}`));
}
