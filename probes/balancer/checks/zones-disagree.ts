// Owns the check for endpoints that answer the same request differently.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { nameSetKey } from '../../../src/model/fields.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import type { AnswersRecord, BalancerEvidence, EndpointRecord } from '../evidence.ts';
import type { BalancerPolicy } from '../options.ts';

/** An endpoint that always answers alike (server errors aside: they are the hosts probe's), and so can be compared. */
interface Side {
  readonly record: EndpointRecord;
  readonly index: number;
  readonly answers: AnswersRecord;
}

function sidesOf(balancer: BalancerEvidence, least: number): readonly Side[] {
  return balancer.byEndpoint.flatMap((record, index) => {
    const [answers, ...mixed] = record.answers.filter(({ status }) => status < 500);
    return answers === undefined || mixed.length > 0 || answers.n < least ? [] : [{ record, index, answers }];
  });
}

interface Aspect {
  readonly severity: 'warning' | 'notice';
  /** Null when the endpoint's own answers differ in it: then it says nothing about endpoints. */
  key(answers: AnswersRecord): unknown;
  says(odd: AnswersRecord, usual: AnswersRecord): Phrase;
}

const STATUS: Aspect = {
  severity: 'warning',
  key: ({ status }) => status,
  says: (odd, usual) => [`It answers with status ${odd.status}; the others answer with ${usual.status}.`],
};

const BODY: Aspect = {
  severity: 'warning',
  key: ({ bodies }) => (bodies.length === 1 ? bodies[0]?.sha256 : null),
  says: (odd) => [
    `Its body differs from that of the others, in all of ${odd.n} answers: another version may run here.`,
  ],
};

const HEADERS: Aspect = {
  severity: 'notice',
  key: ({ headerVariants, headerNames }) => (headerVariants === 1 ? nameSetKey(headerNames) : null),
  says: (odd, usual) => {
    const extra = odd.headerNames.filter(
      (name) => !usual.headerNames.some((other) => nameSetKey([other]) === nameSetKey([name])),
    );
    const lacks = usual.headerNames.filter(
      (name) => !odd.headerNames.some((other) => nameSetKey([other]) === nameSetKey([name])),
    );
    return [
      'Its headers differ from those of the others',
      ...(extra.length === 0 ? [] : ['; only here: ', ...commas(extra)]),
      ...(lacks.length === 0 ? [] : ['; missing here: ', ...commas(lacks)]),
      '.',
    ];
  },
};

function commas(names: AnswersRecord['headerNames']): Phrase {
  return names.slice(0, 8).flatMap((name, index) => (index === 0 ? [name] : [', ', name]));
}

/** The odd ones against a majority; without one, a single sight of the disagreement. */
function compare(sides: readonly Side[], aspect: Aspect): readonly Seen[] {
  const comparable = sides.filter(({ answers }) => (aspect.key(answers) ?? null) !== null);
  const groups = [...Map.groupBy(comparable, ({ answers }) => aspect.key(answers)).values()].toSorted(
    (a, b) => b.length - a.length,
  );
  const [usual] = groups;
  const first = usual?.[0];
  if (usual === undefined || first === undefined || groups.length < 2) return [];
  const at = ({ index }: Side) => pointer('evidence', 'balancer', 'byEndpoint', index, 'answers');
  const odd = groups.slice(1).flat();
  if (usual.length * 2 <= comparable.length) {
    const other = odd[0] ?? first;
    const what: Phrase = [
      'Endpoints answer the same request differently. ',
      ...aspect.says(first.answers, other.answers),
    ];
    return [{ what, endpoint: first.record.endpoint, severity: aspect.severity, evidence: [at(first), at(other)] }];
  }
  return odd.map((side) => ({
    what: aspect.says(side.answers, first.answers),
    endpoint: side.record.endpoint,
    severity: aspect.severity,
    evidence: [at(side), at(first)],
  }));
}

export const zonesDisagree: Check<{ balancer: BalancerEvidence }, BalancerPolicy> = {
  id: 'zones-disagree',
  needs: ['balancer'],
  severity: 'warning',
  title: 'Endpoints answer differently',
  soWhat: 'What a caller gets depends on the address that DNS gave, which nobody can reproduce on purpose.',
  nowWhat: [{ kind: 'change', text: ['Compare the release and the configuration of this zone with another one.'] }],
  sources: ['RFC 9110 15'],
  judge({ balancer }, { policy }) {
    if (balancer.byEndpoint.length < 2) return { outcome: 'not-applicable', because: 'there is only one endpoint' };
    const sides = sidesOf(balancer, policy.compareAnswers);
    if (sides.length < 2) {
      return { outcome: 'not-judged', because: 'fewer than two endpoints gave enough answers that are alike' };
    }
    const byStatus = compare(sides, STATUS);
    // Another status has other headers and another body: said once is enough.
    return foundOrPass(byStatus.length > 0 ? byStatus : [...compare(sides, BODY), ...compare(sides, HEADERS)]);
  },
};
