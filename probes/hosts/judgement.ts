// Owns the list of the hosts' checks and the answer to the question.
import type { Judgement, Reply } from '../../src/contract/probe.ts';
import type { Phrase } from '../../src/model/finding.ts';
import { visible } from '../../src/model/text.ts';
import { failureHiddenByRetry } from './checks/failure-hidden-by-retry.ts';
import { hostSlowInRotation } from './checks/host-slow-in-rotation.ts';
import { hostUnhealthyInRotation } from './checks/host-unhealthy-in-rotation.ts';
import { serverErrors } from './checks/server-errors.ts';
import type { EndpointHosts, HostsEvidence } from './evidence.ts';
import type { HostsPolicy } from './options.ts';

function howMany({ seen, high }: EndpointHosts): string {
  if (seen === null) return 'not visible';
  return high === null || Math.floor(high) > seen ? `at least ${seen}` : String(seen);
}

/** Where the hosts are: by zone or address, and in one word where every address leads to the very same ones. */
function placesOf(records: readonly EndpointHosts[]): string {
  const [first, ...rest] = records.map(({ hosts }) =>
    hosts
      .map(({ identity }) => visible(identity))
      .toSorted()
      .join('\n'),
  );
  const same = first !== undefined && first !== '' && rest.length > 0 && rest.every((hosts) => hosts === first);
  if (same && records[0] !== undefined)
    return `${howMany(records[0])}, the same behind each of ${records.length} endpoints`;
  return records.map((record) => `${howMany(record)} in ${record.zone ?? record.endpoint}`).join(', ');
}

const WORDS = {
  'round robin': 'They are taken in turns (round robin',
  'weighted round robin': 'They are taken in turns by weight (weighted round robin',
  'least connections': 'Those with the fewest connections are taken (least connections',
  random: 'They are drawn at random (random',
  'power of two choices': 'Of two drawn at random the idler one is taken (power of two choices',
  'one host for one client': '',
} as const;

/** How they are chosen, by the first endpoint of which it can be told. */
function orderOf(told: readonly EndpointHosts[]): string {
  const known = told.find(({ algorithm }) => algorithm !== null && WORDS[algorithm] !== '');
  if (known?.algorithm == null) return '';
  // What older journeys say of turns was never held against least connections.
  const isTurn = known.algorithm.endsWith('round robin');
  const looksAlike = known.alsoFits === undefined ? isTurn : known.alsoFits.includes('least connections');
  return ` ${WORDS[known.algorithm]}${looksAlike ? '; least connections looks the same while idle' : ''}).`;
}

function answer(evidence: HostsEvidence | null): Reply {
  const records = evidence?.byEndpoint ?? [];
  const told = records.filter(({ seen }) => seen !== null);
  const facts = { hosts: records.map(({ endpoint, seen, estimate }) => ({ endpoint, seen, estimate })) };
  if (told.length === 0) {
    const summary = [
      'How many hosts stand behind the endpoints is not visible from outside: nothing in the answers names a host.',
    ];
    return { summary, confidence: 'not-visible', facts };
  }
  const places = placesOf(records);
  const turns = orderOf(told);
  const sick = records.flatMap(({ unhealthy }) => unhealthy);
  const inTurn = records.some(({ failurePeriod }) => failurePeriod !== null && failurePeriod !== undefined);
  const errors = records.reduce((sum, { serverErrors: n }) => sum + n, 0);
  const well =
    errors === 0
      ? ' None fails; whether health is watched shows only when one does.'
      : inTurn
        ? ` ${errors} answers are server errors, as of one sick host in rotation.`
        : ` ${errors} answers are server errors, and no single host explains them.`;
  const health: Phrase =
    sick.length === 0
      ? [well]
      : [
          ' Sick and still in rotation: ',
          ...sick.slice(0, 5).flatMap((name, at) => (at === 0 ? [name] : [', ', name])),
          '.',
        ];
  const by = [...new Set(told.map(({ identifiedBy }) => identifiedBy))].join(', ');
  const summary: Phrase = [`Hosts seen: ${places} (told apart by ${by}).${turns}`, ...health];
  return { summary, confidence: 'inferred', facts: { ...facts, unhealthy: sick } };
}

export const judgement: Judgement<HostsEvidence, HostsPolicy> = {
  checks: [hostUnhealthyInRotation, hostSlowInRotation, failureHiddenByRetry, serverErrors],
  answer,
};
