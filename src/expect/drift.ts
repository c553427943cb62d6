// Owns the checks that hold a journey to expectations: one for each fact that a person expects something of. Pure.
// What could not be seen is not judged, never a pass; what is gone with its zone is told once, where zones are expected.
import type { AnyCheck, Given, Judged, Seen } from '../contract/check.ts';
import type { AnyFact, Expected, Sight } from '../contract/fact.ts';
import type { Json } from '../model/json.ts';
import { compare } from './compare.ts';
import { type Contract, type Expectation, isList, isMisfit, readExpectation } from './expected.ts';
import { placed, placeName } from './places.ts';

/** Facts under one name: those of a probe, or a part of the ride that no probe owns. */
export interface FactSection {
  readonly section: string;
  /** What a person reads above them. */
  readonly title: string;
  /** Probe whose evidence they look at; null for what the ride itself measured. */
  readonly probe: string | null;
  readonly facts: readonly AnyFact[];
}

/** The check of each fact of the section that something is expected of, in the order of the facts. */
export function driftChecks(
  section: FactSection,
  all: readonly FactSection[],
  contract: Contract,
): readonly AnyCheck[] {
  const written = contract[section.section] ?? {};
  const places = toldPlaces(all, contract);
  const checks = section.facts.flatMap((fact) => {
    const value = Object.hasOwn(written, fact.key) ? written[fact.key] : undefined;
    return value === undefined ? [] : [[fact, checkOf(section, fact, value, places)] as const];
  });
  return checks.map(([fact, check]) => {
    const other = checks.find(([{ key }]) => key === fact.saidBy)?.[1];
    return other === undefined ? check : unlessSaid(check, other);
  });
}

function unlessSaid(check: AnyCheck, other: AnyCheck): AnyCheck {
  const judge = (facts: Record<string, unknown>, given: Given<unknown>): Judged => {
    const own = check.judge(facts, given);
    if (own.outcome !== 'found' || other.judge(facts, given).outcome !== 'found') return own;
    return { outcome: 'not-applicable', because: `changed too, as it does with what ${other.id} says` };
  };
  return { ...check, judge };
}

/** Places whose disappearance is itself a drift of something expected. */
interface Told {
  /** By the fact that names them: the zones. */
  readonly named: ReadonlySet<string>;
  /** And by the addresses in them. */
  readonly all: ReadonlySet<string>;
}

function toldPlaces(all: readonly FactSection[], contract: Contract): Told {
  const namesOf = (rule: AnyFact['rule']): readonly string[] =>
    all.flatMap(({ section, facts }) =>
      facts.flatMap((fact) => {
        const value = contract[section]?.[fact.key];
        const expectation = value === undefined || fact.rule !== rule ? null : readExpectation(rule, value);
        if (expectation === null || isMisfit(expectation)) return [];
        return [...expectation].flatMap(([place, each]) => [
          ...(place === null ? [] : [place]),
          ...(isList(each) ? each : []),
        ]);
      }),
    );
  const named = new Set(namesOf('exactly'));
  return { named, all: new Set([...named, ...namesOf('addresses')]) };
}

function checkOf(section: FactSection, fact: AnyFact, value: Json, told: Told): AnyCheck {
  return {
    id: fact.drift,
    needs: section.probe === null ? [] : [section.probe],
    severity: 'warning',
    title: `${fact.title}: not as expected`,
    soWhat: fact.soWhat,
    nowWhat: [
      {
        kind: 'change',
        text: [
          `Where it is meant, write it into the file of expectations (${section.section}.${fact.key}); else undo it.`,
        ],
      },
    ],
    sources: ['the expectations given with --expect'],
    judge(facts: Record<string, unknown>, given): Judged {
      const expectation = readExpectation(fact.rule, value);
      if (isMisfit(expectation)) return { outcome: 'not-judged', because: `the expectation ${expectation.says}` };
      const looked = fact.look(section.probe === null ? null : facts[section.probe], given);
      if ('unseen' in looked) return { outcome: 'not-judged', because: looked.unseen };
      return judgePlaces(fact, expectation, looked, given, told);
    },
  };
}

function judgePlaces(
  fact: AnyFact,
  expectation: Expectation,
  sights: readonly Sight[],
  given: Given<unknown>,
  told: Told,
): Judged {
  const everywhere = expectation.get(null);
  const here = placed(sights, given.endpoints);
  const seen: Seen[] = [];
  const unknown: string[] = [];
  for (const { place, sights: same } of here) {
    const expected = (place === null ? undefined : expectation.get(place)) ?? everywhere;
    if (expected === undefined) continue;
    const judged = judgePlace(fact, expected, same);
    if (judged === null) continue;
    if (typeof judged === 'string') unknown.push(place === null ? judged : `${place}: ${judged}`);
    else seen.push(judged);
  }
  const absent = [...expectation].filter(([place]) => place !== null && !here.some((one) => one.place === place));
  for (const [place, expected] of absent) {
    const isGone = isAbsent(place ?? '', given);
    if (fact.rule === 'addresses' && isGone && !told.named.has(place ?? ''))
      seen.push(lost(fact, place ?? '', expected));
    else if (!isGone || !told.all.has(place ?? '')) unknown.push(`nothing was seen in ${place}`);
  }
  const [first, ...rest] = seen;
  if (first !== undefined) return { outcome: 'found', seen: [first, ...rest] };
  if (unknown[0] !== undefined) return { outcome: 'not-judged', because: unknown.slice(0, 3).join('; ') };
  const judgedAny = absent.length < expectation.size;
  if (judgedAny && here.length > 0) return { outcome: 'pass' };
  if (absent.length === 0) return { outcome: 'not-judged', because: 'nothing was seen that could be held to it' };
  return { outcome: 'not-applicable', because: 'no endpoint is there any more, which another drift says' };
}

/** Null when all is as expected; words when it could not be told. */
function judgePlace(fact: AnyFact, expected: Expected, sights: readonly Sight[]): Seen | string | null {
  const visibleOnes = sights.filter(({ value }) => value !== null);
  const blind = sights.find(({ value }) => value === null);
  const held = visibleOnes.length === 0 ? null : compare(fact.rule, expected, visibleOnes);
  if (held?.held === 'no') {
    const [{ endpoint, evidence } = sights[0] as Sight, ...others] = visibleOnes;
    const { before, after } = held;
    return {
      what: [`${fact.title}: expected `, before, ', now ', after, '.'],
      ...(endpoint === null || others.some((other) => other.endpoint !== endpoint) ? {} : { endpoint }),
      evidence: [evidence, ...others.map((other) => other.evidence)],
      change: { before, after },
    };
  }
  if (blind !== undefined) return blind.because ?? 'it was not seen';
  return held?.held === 'unknown' ? held.because : null;
}

function isAbsent(place: string, { endpoints }: Given<unknown>): boolean {
  return !endpoints.some((endpoint) => placeName(endpoint) === place);
}

function lost(fact: AnyFact, place: string, expected: Expected): Seen {
  const before = isList(expected) ? expected.join(', ') : '';
  return {
    what: [`${fact.title}: expected `, before, ' in ', place, ', now none.'],
    evidence: ['/endpoints' as Seen['evidence'][0]],
    change: { before, after: 'none' },
  };
}
