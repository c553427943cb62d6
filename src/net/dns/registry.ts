// Owns the numbers of record types and response codes as IANA assigns them. Never guesses a name for a number it does not know.
import type { RecordType } from '../../contract/net.ts';

/** https://www.iana.org/assignments/dns-parameters, "Resource Record (RR) TYPEs". */
export const typeNumbers = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  DS: 43,
  DNSKEY: 48,
  TLSA: 52,
  CDS: 59,
  CDNSKEY: 60,
  SVCB: 64,
  HTTPS: 65,
  CAA: 257,
} as const satisfies Record<RecordType, number>;

export const OPT = 41;
/** EDNS option code, RFC 5001 2. */
export const NSID = 3;
export const CLASS_IN = 1;

const namesByNumber = new Map<number, string>([
  ...Object.entries(typeNumbers).map(([name, number]) => [number, name] as const),
  [39, 'DNAME'],
  [46, 'RRSIG'],
  [47, 'NSEC'],
  [50, 'NSEC3'],
]);

/** Mnemonic of a type, or its RFC 3597 5 form `TYPE64000`. */
export function typeName(number: number): string {
  return namesByNumber.get(number) ?? `TYPE${number}`;
}

const rcodes: readonly string[] = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
  'DSOTYPENI',
];
const extendedRcodes: Readonly<Record<number, string>> = {
  // 16 is BADSIG inside TSIG records, which are never sent here.
  16: 'BADVERS',
  17: 'BADKEY',
  18: 'BADTIME',
  19: 'BADMODE',
  20: 'BADNAME',
  21: 'BADALG',
  22: 'BADTRUNC',
  23: 'BADCOOKIE',
};

/** Mnemonic of a response code of up to 12 bits (RFC 6895 2.3), or `RCODE17`. */
export function rcodeName(rcode: number): string {
  return rcodes[rcode] ?? extendedRcodes[rcode] ?? `RCODE${rcode}`;
}

/** https://www.iana.org/assignments/dns-parameters, "Extended DNS Error Codes". */
const extendedErrors: readonly string[] = [
  'Other Error',
  'Unsupported DNSKEY Algorithm',
  'Unsupported DS Digest Type',
  'Stale Answer',
  'Forged Answer',
  'DNSSEC Indeterminate',
  'DNSSEC Bogus',
  'Signature Expired',
  'Signature Not Yet Valid',
  'DNSKEY Missing',
  'RRSIGs Missing',
  'No Zone Key Bit Set',
  'NSEC Missing',
  'Cached Error',
  'Not Ready',
  'Blocked',
  'Censored',
  'Filtered',
  'Prohibited',
  'Stale NXDOMAIN Answer',
  'Not Authoritative',
  'Not Supported',
  'No Reachable Authority',
  'Network Error',
  'Invalid Data',
];

/** Name of an extended error (RFC 8914 4), or `EDE31`. */
export function extendedErrorName(code: number): string {
  return extendedErrors[code] ?? `EDE${code}`;
}
