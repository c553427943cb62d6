// Owns the fact of how many hosts answer behind an endpoint. Reads records, judges nothing.
import type { Fact, Sight, Weight } from '../../src/contract/fact.ts';
import { pointer } from '../../src/model/finding.ts';
import { atMostSeen, seenAgain } from '../../src/stats/occupancy.ts';
import type { EndpointHosts, HostsEvidence } from './evidence.ts';

/** Chance below which so few hosts are no accident of so few answers, and above which a number is not promised. */
const RISK = 0.001;

const atLeast: Fact<HostsEvidence> = {
  key: 'atLeast',
  drift: 'host-drift',
  rule: 'at-least',
  title: 'Hosts that answer behind each address',
  reading: 'at least',
  soWhat: 'The others carry its load, and there are fewer to lose.',
  look: ({ byEndpoint }) => {
    if (byEndpoint.length === 0) return { unseen: 'no endpoint was asked' };
    return byEndpoint.map(sightOf);
  },
};

function sightOf(record: EndpointHosts, index: number): Sight {
  const { endpoint, seen, hosts } = record;
  const evidence = pointer('evidence', 'hosts', 'byEndpoint', index);
  if (seen === null || seen === 0) {
    return { endpoint, value: null, because: 'nothing tells its hosts apart', evidence };
  }
  const counts = hosts.map(({ requests }) => requests);
  // What comes in turns comes again.
  const again = record.order?.period == null ? seenAgain(counts, RISK) : seen;
  const answers = counts.reduce((sum, count) => sum + count, 0);
  return {
    ...{ endpoint, value: seen, evidence },
    expect: again === 0 ? null : { atLeast: again },
    weigh: (bound) => weighSeen(seen, bound, answers),
  };
}

/** Were there as many hosts as expected, and each as likely, could so few have shown themselves in so many answers? */
function weighSeen(seen: number, expected: number, answers: number): Weight {
  if (atMostSeen(seen, Math.ceil(expected), answers) <= RISK) return 'drift';
  return {
    because: `${answers} answers came from ${seen} hosts, which is too few answers to say that there are no more`,
  };
}

export const facts: readonly Fact<HostsEvidence>[] = [atLeast];
