// Owns the list of the path checks and what is said of the path in one sentence. Pure.
import type { Judgement, Reply } from '../../src/contract/probe.ts';
import { pathFlowsDiffer } from './checks/path-flows-differ.ts';
import { pathLatencyJump } from './checks/path-latency-jump.ts';
import { pathLoop } from './checks/path-loop.ts';
import { pathLoss } from './checks/path-loss.ts';
import { pathMtuBlackHole } from './checks/path-mtu-black-hole.ts';
import { pathNotReached } from './checks/path-not-reached.ts';
import { mtuOf } from './derive.ts';
import type { PathEvidence } from './evidence.ts';
import type { PathPolicy } from './options.ts';

function answer(evidence: PathEvidence | null): Reply {
  const paths = evidence?.byEndpoint ?? [];
  if (paths.length === 0) return { summary: ['No path was traced.'], confidence: 'not-visible', facts: {} };
  const reached = paths.filter((path) => path.reached).length;
  const mtus = paths.flatMap((path) => mtuOf(path) ?? []);
  return {
    summary: [`${reached} of ${paths.length} traced endpoints were reached.`],
    confidence: 'observed',
    facts: { traced: paths.length, reached, ...(mtus.length === 0 ? {} : { pathMtuBytes: Math.min(...mtus) }) },
  };
}

export const judgement: Judgement<PathEvidence, PathPolicy> = {
  checks: [pathNotReached, pathLoop, pathLoss, pathMtuBlackHole, pathLatencyJump, pathFlowsDiffer],
  answer,
};
