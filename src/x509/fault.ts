// Owns what can be wrong with a certificate or a path, as codes and in words. Finds none itself.
import type { WireText } from '../model/text.ts';

/** For these, programs of today refuse the chain. */
export const faultCodes = [
  'malformed',
  'expired',
  'not-yet-valid',
  'unknown-root',
  'self-signed',
  'missing-issuer',
  'bad-signature',
  'name-mismatch',
  'wrong-purpose',
  'wrong-key-usage',
  'not-a-ca',
  'path-too-long',
  'name-constraint',
  'unknown-critical-extension',
  'weak-signature',
  'weak-key',
  'too-complex',
] as const;
export type FaultCode = (typeof faultCodes)[number];

/** Rules of RFC 5280 4 and of the CA/Browser Forum that few programs enforce: worth a word, no reason to call a chain invalid. */
const blemishCodes = ['profile', 'common-name', 'ca-as-leaf'] as const;
export type BlemishCode = (typeof blemishCodes)[number];

/** One thing that is wrong, and with which certificate. */
export interface Fault {
  readonly code: FaultCode | BlemishCode;
  /** Fingerprint. */
  readonly certificate: string;
  /** What exactly, in our own words: a date, an algorithm, a rule; null when the code says all. */
  readonly detail: string | null;
  /** What a stranger wrote and the fault is about: the missing issuer's name. */
  readonly about: WireText | null;
}

const blemishes: ReadonlySet<string> = new Set(blemishCodes);

/** True when the chain is refused for it. */
export function isFatal({ code }: Pick<Fault, 'code'>): boolean {
  return !blemishes.has(code);
}

/** Begins where "The certificate" ends. */
const WORDS: Readonly<Record<Fault['code'], string>> = {
  malformed: 'cannot be read as a certificate',
  expired: 'has expired',
  'not-yet-valid': 'is not valid yet',
  'unknown-root': 'is a root that is not among the trusted ones',
  'self-signed': 'is signed by itself and not among the trusted roots',
  'missing-issuer': 'has an issuer that was not sent and is not among the trusted roots',
  'bad-signature': 'carries a signature that the key of its issuer did not make',
  'name-mismatch': 'does not hold the name that was asked for',
  'wrong-purpose': 'is not meant for this purpose',
  'wrong-key-usage': 'has a key that may not be used like this',
  'not-a-ca': 'has issued another, but is no CA certificate',
  'path-too-long': 'forbids this many CA certificates beneath it',
  'name-constraint': 'holds a name outside of what an issuer above it may certify',
  'unknown-critical-extension': 'has a critical extension that is not understood',
  'weak-signature': 'is signed with an algorithm that can be forged',
  'weak-key': 'has a weak key',
  'too-complex': 'has so many possible issuers, names or constraints that the search was given up',
  profile: 'breaks a rule for certificates',
  'ca-as-leaf': 'is a CA certificate in the place of a server certificate',
  'common-name': 'has a common name that is not among its alternative names',
};

/** A clause in our own words only, to stand behind "The certificate"; what a stranger wrote is in `about`. */
export function faultSays({ code, detail }: Pick<Fault, 'code' | 'detail'>): string {
  return detail === null ? WORDS[code] : `${WORDS[code]}: ${detail}`;
}
