// Owns the check for keys that are too short.
import { type Check, foundOrPass } from '../../../src/contract/check.ts';
import { foundOrRead, nothingToJudge, seenOnPaths, unreadOnPaths } from '../derive.ts';
import type { TlsCertificate, TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

/** Bits below which a key is weak: NIST SP 800-57 part 1, table 2 (112 bits of security). */
const LEAST_BITS: Readonly<Record<string, number>> = { rsa: 2048, 'rsa-pss': 2048, dsa: 2048, ec: 224 };

export const weakKey: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'weak-key',
  needs: ['tls'],
  severity: 'critical',
  title: 'Key too short',
  soWhat: "The key can be computed, and clients with today's defaults refuse it.",
  nowWhat: [
    {
      kind: 'change',
      text: ['Have the certificate issued again for an RSA key of 2048 bits or more, or an EC key on P-256.'],
    },
  ],
  sources: ['NIST SP 800-57 part 1, table 2'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const seen = seenOnPaths(tls, (certificate) => {
      const { keyType, keyBits } = certificate;
      return isWeak(certificate) ? ` has a key that is too short: ${keyType} of ${keyBits} bits.` : null;
    });
    const unread = unreadOnPaths(tls, hasUnknownKey);
    return foundOrRead(foundOrPass(seen), unread, 'the key', tls);
  },
};

/** Keys of other types have no length to speak of: Ed25519 and its like come in one. */
function hasUnknownKey({ keyType, keyBits }: TlsCertificate): boolean {
  return keyType === null || (keyType in LEAST_BITS && keyBits === null);
}

function isWeak({ keyType, keyBits }: TlsCertificate): boolean {
  return keyType !== null && keyBits !== null && keyBits < (LEAST_BITS[keyType] ?? 0);
}
