// Owns the check for hosts that answer far later than their peers and still get their share of the requests.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import type { EndpointHosts, HostsEvidence, SlowerHost } from '../evidence.ts';
import type { HostsPolicy } from '../options.ts';

/** As health.ts compares: fewer are not. */
const LEAST_ANSWERS = 6;

function whatOf({
  identity,
  answers,
  shiftMs,
  shiftInterval: [low, high],
  waitP50Ms,
  othersP50Ms,
}: SlowerHost): Phrase {
  return [
    'Host ',
    identity,
    ` answers ${inMs(shiftMs)} ms later than its peers (95 %: ${inMs(low)} to ${inMs(high)} ms; p50 ${inMs(waitP50Ms)} against ${inMs(othersP50Ms)} ms, ${answers} answers).`,
  ];
}

function inMs(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

function comparable({ hosts }: EndpointHosts): boolean {
  return hosts.filter(({ requests, failures }) => requests - failures >= LEAST_ANSWERS).length > 1;
}

export const hostSlowInRotation: Check<{ hosts: HostsEvidence }, HostsPolicy> = {
  id: 'host-slow-in-rotation',
  needs: ['hosts'],
  severity: 'warning',
  title: 'Slow host in rotation',
  soWhat:
    'Callers who are sent there wait longer, each time by the luck of the draw; averages and health checks hide it.',
  nowWhat: [
    {
      kind: 'change',
      text: ['Look at the load, the disks and the dependencies of this host, or take it out until you know.'],
    },
  ],
  sources: ['Mann and Whitney, Ann. Math. Stat. 18 (1947)', 'Hodges and Lehmann, Ann. Math. Stat. 34 (1963)'],
  judge({ hosts }, { policy }) {
    const { byEndpoint } = hosts;
    if (byEndpoint.every(({ slower }) => slower === undefined)) {
      return { outcome: 'not-applicable', because: 'the journey did not look' };
    }
    const several = byEndpoint.filter(({ seen }) => seen !== null && seen > 1);
    if (several.length === 0) {
      return { outcome: 'not-applicable', because: 'behind no endpoint two hosts are told apart' };
    }
    if (!several.some(comparable)) {
      return {
        outcome: 'not-applicable',
        because: `no two hosts gave ${LEAST_ANSWERS} answers each; ask for more with -n`,
      };
    }
    return foundOrPass(
      byEndpoint.flatMap(({ endpoint, slower = [] }, index) =>
        slower.flatMap((host, at): readonly Seen[] => {
          const { shiftInterval, waitP50Ms, othersP50Ms } = host;
          const isFar = shiftInterval[0] >= policy.slowDifferenceMs && waitP50Ms >= policy.slowRatio * othersP50Ms;
          if (!isFar) return [];
          return [
            {
              what: whatOf(host),
              endpoint,
              evidence: [pointer('evidence', 'hosts', 'byEndpoint', index, 'slower', at)],
            },
          ];
        }),
      ),
    );
  },
};
