// Owns the order in which the certificates of one place are drawn: ways to a root as a tree, then what a server sent for nothing. Pure.
import type { ChainVerdict, Place } from '../../model/certs.ts';
import type { WireText } from '../../model/text.ts';
import type { Fingerprint } from '../../model/trace.ts';

export type Drawn =
  | { readonly kind: 'certificate'; readonly lead: string; readonly fingerprint: Fingerprint }
  /** An issuer that nobody has. */
  | { readonly kind: 'missing'; readonly lead: string; readonly name: WireText | null };

export interface ChainTree {
  readonly onPath: readonly Drawn[];
  /** Sent, but on no path. */
  readonly extras: readonly Fingerprint[];
}

interface Branch {
  readonly fingerprint: Fingerprint;
  readonly above: Branch[];
}

/** More is no tree that a person reads: 8 paths of 12 certificates at most are ever judged. */
const MAX_DRAWN = 96;

export function chainTree({ chain, verdict }: Pick<Place, 'chain' | 'verdict'>): ChainTree {
  const paths = verdict === undefined ? [chain] : [verdict.path, ...verdict.paths.map((path) => path.certificates)];
  const missing = verdict?.faults.find(({ code }) => code === 'missing-issuer');
  const onPath = branches(paths).flatMap((branch) => [
    { kind: 'certificate' as const, lead: '', fingerprint: branch.fingerprint },
    ...drawn(branch, '', missing),
  ]);
  const used = new Set(paths.flat());
  return {
    onPath: onPath.slice(0, MAX_DRAWN),
    extras: [...new Set(chain)].filter((fingerprint) => !used.has(fingerprint)),
  };
}

/** Paths that begin alike share their beginning. */
function branches(paths: readonly (readonly Fingerprint[])[]): readonly Branch[] {
  const roots: Branch[] = [];
  for (const path of paths) {
    let level = roots;
    for (const fingerprint of path) {
      const known = level.find((branch) => branch.fingerprint === fingerprint);
      const next = known ?? { fingerprint, above: [] };
      if (known === undefined) level.push(next);
      level = next.above;
    }
  }
  return roots;
}

function drawn({ fingerprint, above }: Branch, indent: string, missing: ChainVerdict['faults'][number] | undefined) {
  const rows: Drawn[] = [];
  if (missing?.certificate === fingerprint) rows.push({ kind: 'missing', lead: `${indent}└─ `, name: missing.about });
  for (const [index, branch] of above.entries()) {
    const isLast = index === above.length - 1;
    rows.push({ kind: 'certificate', lead: `${indent}${isLast ? '└─ ' : '├─ '}`, fingerprint: branch.fingerprint });
    rows.push(...drawn(branch, `${indent}${isLast ? '   ' : '│  '}`, missing));
  }
  return rows;
}
