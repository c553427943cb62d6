// Owns the blocks in which the record of revocation is shown. No formatting.
import type { Block } from '../../src/contract/section.ts';
import type { RevocationEvidence, Statement } from './evidence-revocation.ts';

/** Hex digits of a fingerprint that tell certificates apart for a reader. */
const SHORT = 12;

/** Tables of what there is: nothing of what nobody stapled and nobody asked. */
export function revocationBlocks(revocation: RevocationEvidence | undefined): readonly Block[] {
  if (revocation === undefined) return [];
  const { staples, leaves, asked = [] } = revocation;
  const isTold =
    staples.some(({ response, tooLarge }) => response !== null || tooLarge) ||
    Object.values(leaves).some(({ mustStaple, scts }) => mustStaple || scts.length > 0);
  return [...(isTold ? [stapled(revocation)] : []), ...(asked.length > 0 ? [answers(asked)] : [])];
}

function stapled({ staples, leaves }: RevocationEvidence): Block {
  return {
    kind: 'table',
    columns: ['endpoint', 'certificate', 'handshakes', 'must staple', 'staple', 'this update', 'next update', 'SCTs'],
    rows: staples.map(({ endpoint, leaf, handshakes, statement, tooLarge, scts }) => [
      ...[endpoint, leaf.slice(0, SHORT), handshakes, leaves[leaf]?.mustStaple ?? null],
      tooLarge ? 'too large' : statement === null ? null : says(statement),
      ...[statement?.thisUpdate ?? null, statement?.nextUpdate ?? null],
      (leaves[leaf]?.scts.length ?? 0) + scts.length,
    ]),
  };
}

function answers(asked: NonNullable<RevocationEvidence['asked']>): Block {
  return {
    kind: 'table',
    columns: ['certificate', 'asked', 'of', 'says', 'this update', 'next update', 'revoked', 'on the list', 'ms'],
    rows: asked.map((one) => [
      ...[one.certificate.slice(0, SHORT), one.method, one.url, says(one)],
      ...[one.thisUpdate, one.nextUpdate, one.revokedAt, one.crlEntries],
      one.kept ? 'kept' : Math.round(one.elapsedMs),
    ]),
  };
}

function says({ status, because, reason }: Statement): string {
  if (because !== null) return because;
  return reason === null ? (status ?? 'nothing') : `${status} (${reason})`;
}
