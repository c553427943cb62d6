// Owns how a validation is told: why it ends where it does, and what to do about it. Pure.
import type { Phrase } from '../../src/model/finding.ts';
import type { DnsEvidence } from './evidence.ts';
import type { DnssecDetail, DnssecReason, DnssecZoneEvidence } from './evidence-dnssec.ts';

interface Words {
  readonly says: string;
  readonly remedy: string;
}

const ASK_ELSEWHERE = 'Ask a resolver that passes signatures on: --resolver IP.';
const SIGN_AGAIN = 'Sign the zone again, and find out why the signer did not.';
const TRUE_DS =
  'Publish the key that the DS record names, or have the parent replace the DS record by one of the key in use.';

const words: Readonly<Record<DnssecReason, Words>> = {
  'unsigned-delegation': {
    says: 'its parent proves that it is not signed',
    remedy: 'Sign the zone and give its DS record to the parent.',
  },
  'opt-out': {
    says: 'its parent leaves unsigned zones out of its proofs (opt-out)',
    remedy: 'Sign the zone and give its DS record to the parent.',
  },
  'unsupported-algorithm': {
    says: 'it is signed with algorithms or digests that validators do not know',
    remedy: 'Sign with ECDSAP256SHA256, and publish a DS record with a SHA-256 digest.',
  },
  'too-many-iterations': {
    says: 'its NSEC3 records ask for more iterations than validators compute',
    remedy: 'Sign with 0 iterations.',
  },
  'no-signature': {
    says: 'the records carry no signature, though the zone is signed',
    remedy: 'Sign the zone on every server, or have the parent take the DS record away.',
  },
  'signature-expired': { says: 'the signature has expired', remedy: SIGN_AGAIN },
  'signature-not-yet-valid': {
    says: 'the signature is not valid yet',
    remedy: 'Set the clock of the signer right, and sign again.',
  },
  'signature-wrong': { says: 'the signature does not match the records', remedy: SIGN_AGAIN },
  'signer-wrong': {
    says: 'the records are signed in the name of another zone',
    remedy: 'Look for a server that answers for a zone that it was not delegated.',
  },
  'key-missing': {
    says: 'they are signed with a key that the zone does not publish',
    remedy: 'Publish the key, or sign again with one that is published.',
  },
  'no-keys': { says: 'the parent has a DS record for the zone, and the zone publishes no key', remedy: TRUE_DS },
  'no-matching-key': { says: 'none of its keys is the one that the DS record at its parent names', remedy: TRUE_DS },
  'no-proof': {
    says: 'nothing proves that the record does not exist',
    remedy: 'Sign the zone again with its NSEC or NSEC3 records, and look for servers that are behind.',
  },
  'no-signatures': { says: 'the resolver gives no signatures', remedy: ASK_ELSEWHERE },
  'another-root': {
    says: 'the resolver has another root than the trust anchor',
    remedy: 'Give the anchor of that root: --trust-anchor FILE.',
  },
  'root-does-not-verify': {
    says: 'the root does not verify at the time of this machine',
    remedy: 'Set the clock of this machine right.',
  },
  'served-by-the-resolver': { says: 'the resolver serves the zone itself, without signatures', remedy: ASK_ELSEWHERE },
  'resolver-failed': { says: 'the resolver did not answer the question', remedy: ASK_ELSEWHERE },
  'too-many-questions': { says: 'the way is too long', remedy: 'Shorten the chain of aliases.' },
  'cut-off': { says: 'the journey was cut short', remedy: 'Allow more time: --deadline.' },
  'no-anchor': { says: 'no trust anchor stands above the name', remedy: 'Give one: --trust-anchor FILE.' },
  'unfit-name': { says: 'an alias leads to no host name', remedy: 'Point the alias at a host name.' },
};

export function reasonWords(reason: DnssecReason): Words {
  return words[reason];
}

/** `A of www.kms.example in zone kms.example`. */
export function linkWords({ link }: DnssecDetail): Phrase {
  return link === null ? ['the name'] : [`${link.type} of `, shown(link.name), ' in zone ', shown(link.zone)];
}

export function shown(zone: DnssecZoneEvidence['zone']): string {
  return zone === '.' ? '. (the root)' : zone;
}

/** Zones that hold links of the name's own chain; those above are others' to keep. */
export function isOwn(zone: DnssecZoneEvidence): boolean {
  return zone.signatures.some(({ type }) => type === 'A' || type === 'AAAA' || type === 'CNAME');
}

/** Why there is nothing to judge; null when the way was gone at least in part. */
export function notLooked(dns: DnsEvidence): string | null {
  if (dns.dnssecDetail === undefined) return 'signatures were not looked at';
  const { reason } = dns.dnssecDetail;
  return dns.dnssec === 'not-checked' && reason !== null ? reasonWords(reason).says : null;
}
