// Owns when the last path that holds for a chain dies, and by which of its certificates. Pure.
import type { WireText } from '../../src/model/text.ts';
import { unixMs } from '../../src/x509/instant.ts';
import type { TlsChain, TlsEvidence } from './evidence.ts';

export interface Death {
  /** RFC 3339. */
  readonly at: string;
  /** Fingerprint of what ends first on the path that lasts longest. */
  readonly by: string;
  /** Null when it was not sent: a root, which clients have. */
  readonly subject: WireText | null;
  /** `leaf`: the path lives as long as the server certificate. */
  readonly part: 'leaf' | 'intermediate' | 'root';
}

/** Null when no path holds, or nobody looked. Clients that follow the order sent may lose theirs earlier. */
export function deathOf({ verdict, chainSent }: TlsChain, { certificates }: TlsEvidence): Death | null {
  const longest = (verdict?.paths ?? []).toSorted((a, b) => unixMs(b.endsAt) - unixMs(a.endsAt))[0];
  if (longest === undefined) return null;
  const { endsAt, endsBy, certificates: path } = longest;
  const part = endsBy === chainSent[0] ? 'leaf' : endsBy === path.at(-1) ? 'root' : 'intermediate';
  return { at: endsAt, by: endsBy, subject: certificates[endsBy]?.subject ?? null, part };
}
