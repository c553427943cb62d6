// Owns the check for one address that shows several certificates: servers behind it that were not rotated together.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { minuteOf } from '../../../src/x509/instant.ts';
import { chainsIn, foundOrSeen, nothingToJudge } from '../derive.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const certificateFlapping: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'certificate-flapping',
  needs: ['tls'],
  severity: 'warning',
  title: 'Several certificates on one address',
  soWhat: 'A monitor that looks once sees one of them; the one that expires first fails part of the callers.',
  nowWhat: [{ kind: 'change', text: ['Bring the servers behind this address to one certificate.'] }],
  sources: ['RFC 8446 4.4.2'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const byEndpoint = Map.groupBy(chainsIn(tls), ({ endpoint }) => endpoint);
    const seen = [...byEndpoint].flatMap(([endpoint, chains]): readonly Seen[] => {
      const leaves = new Map(chains.map((placed) => [placed.chain.chainSent[0] ?? '', placed]));
      const keyTypes = new Set([...leaves.values()].map(({ leaf }) => leaf?.keyType));
      // One certificate for each key type is a choice (RFC 8446 4.4.2.2), not a leftover.
      const [first] = chains;
      if (leaves.size < 2 || keyTypes.size === leaves.size || first === undefined) return [];
      const ends = [...leaves.values()].map(
        ({ leaf, chain }) => `${chain.count} x until ${leaf?.notAfter == null ? 'unknown' : minuteOf(leaf.notAfter)}`,
      );
      return [
        { what: [`${leaves.size} certificates take turns: ${ends.join(', ')}.`], endpoint, evidence: [first.at] },
      ];
    });
    return foundOrSeen(foundOrPass(seen), tls);
  },
};
