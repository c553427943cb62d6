// Owns the blocks in which the posture record is shown: protocols of each endpoint, and all of the one that was asked everything.
import type { Block, Cell } from '../../src/contract/section.ts';
import type { OfferedList, Posture, PostureEndpoint, Thorough } from './evidence-posture.ts';
import { listed } from './posture-derive.ts';
import { protocolWords } from './posture-words.ts';

const PROTOCOLS = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv3'] as const;

export function postureBlocks({ byEndpoint }: Posture): readonly Block[] {
  const whole = byEndpoint.find(({ thorough }) => thorough !== null);
  if (whole?.thorough == null) return [protocols(byEndpoint)];
  return [protocols(byEndpoint), ciphers(whole.thorough), facts(whole, whole.thorough)];
}

/** yes and no, and nothing where nobody knows. */
function word(told: boolean | null): Cell {
  return told === null ? null : told ? 'yes' : 'no';
}

function protocols(byEndpoint: Posture['byEndpoint']): Block {
  return {
    kind: 'table',
    columns: ['endpoint', ...PROTOCOLS.map(protocolWords), 'weak', 'hellos'],
    rows: byEndpoint.map(({ endpoint, protocols: told, weakCipher, hellos }) => [
      endpoint,
      ...PROTOCOLS.map((protocol) => word(told.find((one) => one.protocol === protocol)?.offered ?? null)),
      word(weakCipher.offered),
      hellos,
    ]),
  };
}

function ciphers({ ciphers: lists }: Thorough): Block {
  return {
    kind: 'table',
    columns: ['protocol', 'order of', 'place', 'cipher'],
    rows: lists.flatMap(({ protocol, order, names, complete }) => [
      ...names.map((name, at): readonly Cell[] => [protocolWords(protocol), order, at + 1, name]),
      ...(complete ? [] : [[protocolWords(protocol), order, null, 'more were not asked for'] as const]),
    ]),
  };
}

function facts({ endpoint, traits, cutShort }: PostureEndpoint, told: Thorough): Block {
  const accepted = told.alpn.filter((one) => one.accepted === true).map(({ name }) => name);
  const served = told.keyTypes.filter((one) => one.served === true).map(({ keyType }) => keyType.toUpperCase());
  const rows: (readonly [string, Cell])[] = [
    ['asked everything', endpoint],
    ['groups', told.groups === null ? null : groupsOf(told.groups)],
    ['post-quantum group', word(told.postQuantum)],
    ['DHE prime, bits', told.dhBits],
    ['ALPN', told.alpn.every((one) => one.accepted === null) ? null : listed(accepted)],
    ['keys that sign', served.length === 0 ? null : listed(served)],
    ['compression', word(told.compression)],
    ['fallback refused', word(told.fallbackRefused)],
    ['secure renegotiation', word(traits?.secureRenegotiation ?? null)],
    ['extended master secret', word(traits?.extendedMasterSecret ?? null)],
    ['OCSP staple', word(traits?.ocspStapled ?? null)],
    ['client certificate wanted', word(traits?.clientCertificateWanted ?? null)],
  ];
  return { kind: 'facts', rows: [...rows, ...(cutShort === null ? [] : [['ended early', cutShort] as const])] };
}

function groupsOf({ names, complete }: OfferedList): string {
  return `${names.join(', ')}${complete ? '' : ', more were not asked for'}`;
}
