// Owns the check for an endpoint whose certificate differs from that of the others: left behind by a rotation, or misrouted.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import type { Phrase, Step } from '../../../src/model/finding.ts';
import { visible } from '../../../src/model/text.ts';
import { minuteOf, unixMs } from '../../../src/x509/instant.ts';
import { certificateAt, chainsIn, foundOrSeen, nothingToJudge, type PlacedChain, showChain } from '../derive.ts';
import type { TlsCertificate, TlsEvidence } from '../evidence.ts';
import type { TlsPolicy } from '../options.ts';

export const certificatesDiffer: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'certificates-differ',
  needs: ['tls'],
  severity: 'warning',
  title: 'One endpoint with another certificate',
  soWhat: 'Which certificate a caller meets is a matter of luck, and the odd one is the one that a rotation forgets.',
  nowWhat: [{ kind: 'change', text: ['Deploy the certificate of the other endpoints here too.'] }],
  sources: ['RFC 8446 4.4.2.2'],
  judge({ tls }, given) {
    const nothing = nothingToJudge(tls, given);
    if (nothing !== null) return nothing;
    const main = chainsIn(tls).filter(({ chain, record }) => chain === record);
    if (main.length < 2) return { outcome: 'not-applicable', because: 'only one endpoint showed a certificate' };
    const seen = [...odd(main, leafOf), ...odd(main, identityOf)].map(
      ({ placed, usual }): Seen => ({
        what: [...whatOf(placed.leaf, usual.leaf), RELATION[relationOf(placed, usual)]],
        endpoint: placed.endpoint,
        nowWhat: [
          ...(relationOf(placed, usual) === 'newer' ? SPREAD : certificatesDiffer.nowWhat),
          showChain(placed.endpoint, given.target),
        ],
        evidence: [certificateAt(leafOf(placed)), certificateAt(leafOf(usual))],
      }),
    );
    const once = seen.filter(({ endpoint }, index) => seen.findIndex((other) => other.endpoint === endpoint) === index);
    return foundOrSeen(foundOrPass(once), tls);
  },
};

/** Of certificates by one issuer for the same names, a rotation made one from the other. */
const RELATION = {
  older: ' It is the older one: a rotation has passed this endpoint by.',
  newer: ' It is the newer one: a rotation has reached this endpoint and not the others.',
  other: '',
} as const;
const SPREAD: readonly Step[] = [
  { kind: 'change', text: ['Deploy this certificate at the other endpoints too, and reload what serves it.'] },
];

function relationOf(placed: PlacedChain, usual: PlacedChain): keyof typeof RELATION {
  if (placed.leaf === null || usual.leaf === null || identityOf(placed) !== identityOf(usual)) return 'other';
  const [from, until] = [
    driftOf(placed.leaf.notBefore, usual.leaf.notBefore),
    driftOf(placed.leaf.notAfter, usual.leaf.notAfter),
  ];
  const drift = from === 0 ? until : from;
  return drift === 0 ? 'other' : drift < 0 ? 'older' : 'newer';
}

/** Below zero when the first is earlier. */
function driftOf(one: string | null, other: string | null): number {
  return one === null || other === null ? 0 : unixMs(one) - unixMs(other);
}

function leafOf({ chain }: PlacedChain): string {
  return chain.chainSent[0] ?? '';
}

/** What certificates of one service share though each zone has its own: who issued them and for which names. */
function identityOf({ leaf }: PlacedChain): string {
  if (leaf === null) return '';
  return visible(JSON.stringify([leaf.issuer, [...leaf.sans].map((name) => visible(name)).toSorted()]));
}

/** Those that differ from what most endpoints have; nobody when there is no majority, or when only the key type differs (RSA and ECDSA twins). */
function odd(main: readonly PlacedChain[], by: (placed: PlacedChain) => string) {
  const groups = [...Map.groupBy(main, by).values()].toSorted((a, b) => b.length - a.length);
  const [most = [], ...rest] = groups;
  const [usual] = most;
  if (usual === undefined || most.length <= main.length / 2) return [];
  return rest.flat().flatMap((placed) => (isTwin(placed, usual) ? [] : [{ placed, usual }]));
}

function isTwin(one: PlacedChain, other: PlacedChain): boolean {
  return identityOf(one) === identityOf(other) && one.leaf?.keyType !== other.leaf?.keyType;
}

function whatOf(leaf: TlsCertificate | null, usual: TlsCertificate | null): Phrase {
  return [
    'Another certificate than on most endpoints: ',
    ...described(leaf),
    '; the others have ',
    ...described(usual),
    '.',
  ];
}

function described(leaf: TlsCertificate | null): Phrase {
  if (leaf === null) return ['one that cannot be read'];
  const until = leaf.notAfter === null ? '' : `, until ${minuteOf(leaf.notAfter)}`;
  return [`serial ${leaf.serialHex.slice(0, 40)} of `, leaf.issuer ?? 'nobody named', until];
}
