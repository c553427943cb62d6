// Owns the check for an endpoint of the name that offers something else than the others: an old node, or another product.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import type { TlsEvidence } from '../evidence.ts';
import type { PostureEndpoint } from '../evidence-posture.ts';
import type { TlsPolicy } from '../options.ts';
import { answering, listed, nothingAsked, type PlacedPosture } from '../posture-derive.ts';
import { protocolWords } from '../posture-words.ts';

/** One way in which an endpoint is not like another. */
interface Difference {
  readonly words: string;
  /** False: the same clients are served, only otherwise. */
  readonly matters: boolean;
}

/** Named in one sentence. */
const MAX_DIFFERENCES = 4;

export const postureDiffers: Check<{ tls: TlsEvidence }, TlsPolicy> = {
  id: 'posture-differs',
  needs: ['tls'],
  severity: 'warning',
  title: 'One endpoint offers other TLS',
  soWhat:
    'Which protocols and ciphers a caller can have is a matter of luck, and the odd one is the one that an upgrade or a hardening forgot.',
  nowWhat: [{ kind: 'change', text: ['Bring the TLS settings of this endpoint in line with those of the others.'] }],
  sources: ['RFC 9325 3.1'],
  judge({ tls }, given) {
    const nothing = nothingAsked(tls, given);
    if (nothing !== null) return nothing;
    const asked = answering(tls);
    if (asked.length < 2) return { outcome: 'not-applicable', because: 'only one endpoint was asked' };
    const usual = usualOf(asked);
    if (usual === undefined) return { outcome: 'pass' };
    return foundOrPass(
      asked.flatMap((placed): readonly Seen[] => {
        const differences = differencesOf(placed.asked, usual.placed.asked);
        if (differences.length === 0) return [];
        const named = listed(differences.slice(0, MAX_DIFFERENCES).map(({ words }) => words));
        const others = usual.isMost ? 'most endpoints' : usual.placed.asked.endpoint;
        return [
          {
            what: [`Unlike ${others}, it ${named}.`],
            endpoint: placed.asked.endpoint,
            evidence: [placed.at, usual.placed.at],
            ...(differences.some(({ matters }) => matters) ? {} : ({ severity: 'notice' } as const)),
          },
        ];
      }),
    );
  },
};

/** The endpoint that most others are like; without a majority the first. */
function usualOf(
  asked: readonly PlacedPosture[],
): { readonly placed: PlacedPosture; readonly isMost: boolean } | undefined {
  const counted = asked.map((placed) => ({
    placed,
    alike: asked.filter((other) => differencesOf(other.asked, placed.asked).length === 0).length,
  }));
  const [most] = counted.toSorted((a, b) => b.alike - a.alike);
  return most === undefined ? undefined : { placed: most.placed, isMost: most.alike > asked.length / 2 };
}

/** Only what both told. */
function differencesOf(one: PostureEndpoint, usual: PostureEndpoint): readonly Difference[] {
  return [...protocolDifferences(one, usual), ...traitDifferences(one, usual)];
}

function protocolDifferences(one: PostureEndpoint, usual: PostureEndpoint): readonly Difference[] {
  return one.protocols.flatMap(({ protocol, offered, cipher, group }): readonly Difference[] => {
    const other = usual.protocols.find((each) => each.protocol === protocol);
    if (other === undefined || offered === null || other.offered === null) return [];
    const words = protocolWords(protocol);
    if (offered !== other.offered) return [{ words: `${offered ? 'takes' : 'refuses'} ${words}`, matters: true }];
    // Of the old ones it is enough that they are there.
    if (protocol !== 'TLSv1.3' && protocol !== 'TLSv1.2') return [];
    if (cipher !== null && other.cipher !== null && cipher !== other.cipher)
      return [{ words: `chooses ${cipher} (not ${other.cipher}) in ${words}`, matters: false }];
    if (group !== null && other.group !== null && group !== other.group)
      return [{ words: `chooses ${group} (not ${other.group}) in ${words}`, matters: false }];
    return [];
  });
}

function traitDifferences(one: PostureEndpoint, usual: PostureEndpoint): readonly Difference[] {
  const weak = one.weakCipher.offered;
  const weakThere = usual.weakCipher.offered;
  const differences: Difference[] = [];
  if (weak !== null && weakThere !== null && weak !== weakThere)
    differences.push({
      words: weak ? `takes weak ciphers (${one.weakCipher.cipher ?? '?'})` : 'refuses weak ciphers',
      matters: true,
    });
  if (one.traits === null || usual.traits === null) return differences;
  const { secureRenegotiation, clientCertificateWanted } = one.traits;
  if (secureRenegotiation !== usual.traits.secureRenegotiation)
    differences.push({
      words: `${secureRenegotiation ? 'knows' : 'does not know'} secure renegotiation`,
      matters: true,
    });
  if (clientCertificateWanted !== usual.traits.clientCertificateWanted)
    differences.push({ words: `asks for ${clientCertificateWanted ? 'a' : 'no'} client certificate`, matters: true });
  return differences;
}
