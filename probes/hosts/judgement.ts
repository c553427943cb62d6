// Owns the list of the hosts' checks and the answer to the question.
import type { Judgement, Reply } from '../../src/contract/probe.ts';
import type { Phrase } from '../../src/model/finding.ts';
import { visible } from '../../src/model/text.ts';
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
  const turns = told.some(({ algorithm }) => algorithm !== null)
    ? ' They are taken in turns (round robin; least connections looks the same while idle).'
    : '';
  const sick = records.flatMap(({ unhealthy }) => unhealthy);
  const errors = records.reduce((sum, { serverErrors: n }) => sum + n, 0);
  const well =
    errors === 0
      ? ' None fails; whether health is watched shows only when one does.'
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
  checks: [hostUnhealthyInRotation, serverErrors],
  answer,
};
