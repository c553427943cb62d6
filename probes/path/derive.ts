// Owns what several checks read out of the record: what an unreachable message means, and whether a flow got there. Pure.
import { familyOf } from '../../src/model/target.ts';
import type { EndpointPath, FlowRecord } from './evidence.ts';

export function gotThere({ end }: Pick<FlowRecord, 'end'>): boolean {
  return end === 'reached' || end === 'refused';
}

/** The largest packet that gets through, as far as anybody said or it was tried. */
export function mtuOf({ pathMtuBytes, fullSize }: Pick<EndpointPath, 'pathMtuBytes' | 'fullSize'>): number | null {
  return fullSize?.passesBytes ?? pathMtuBytes;
}

/** RFC 792, RFC 1812 5.2.7.1. */
const CODES4: Readonly<Record<number, string>> = {
  0: 'it has no route to the network',
  1: 'it does not find the host',
  2: 'the protocol is not wanted',
  3: 'the port is not wanted',
  5: 'the source route failed',
  6: 'the network is unknown',
  7: 'the host is unknown',
  9: 'the network is forbidden',
  10: 'the host is forbidden',
  11: 'not with this type of service',
  12: 'not with this type of service',
  13: 'it is forbidden by an administrator',
};
/** RFC 4443 3.1. */
const CODES6: Readonly<Record<number, string>> = {
  0: 'it has no route',
  1: 'it is forbidden by an administrator',
  2: 'beyond the scope of the source address',
  3: 'it does not find the host',
  4: 'the port is not wanted',
  5: 'the source address is forbidden',
  6: 'the route rejects it',
};

/** What the one who rejects gives as the reason. */
export function rejectionSaid({ icmp, endedBy }: FlowRecord): string {
  if (icmp === null || endedBy === null) return 'no reason given';
  const codes = familyOf(endedBy) === 4 ? CODES4 : CODES6;
  return codes[icmp.code] ?? `ICMP type ${icmp.type}, code ${icmp.code}`;
}
