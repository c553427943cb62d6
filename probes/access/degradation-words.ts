// Owns what is said of dependencies, and of what the service does when they fail. Pure.
import type { Phrase } from '../../src/model/finding.ts';
import type { AccessEvidence } from './evidence.ts';

const MOST_NAMED = 4;

/** True when callers were answered as well as ever: no server error, nobody turned away. Null without answers. */
export function targetAnswers({ anonymousStatus }: AccessEvidence): boolean | null {
  const statuses = Object.keys(anonymousStatus).map(Number);
  return statuses.length === 0 ? null : statuses.every((status) => status < 500);
}

/** Names of what is down: declared and asked, and told by the health endpoint. */
export function downNames({ dependencies = [], health }: AccessEvidence): Phrase {
  const declared = dependencies.filter(({ state }) => state === 'down').map(({ name }) => name);
  const told = (health?.dependencies ?? []).filter(({ state }) => state === 'down').map(({ name }) => name);
  return [...declared, ...told];
}

/** One sentence or two, with a blank in front. */
export function degradationSaid(evidence: AccessEvidence): Phrase {
  const { dependencies = [], health, staleness } = evidence;
  const down = downNames(evidence);
  const stale = (staleness?.stale ?? 0) === 0 ? '' : ` ${staleness?.stale} answers were kept ones past their time.`;
  const known = dependencies.filter(({ state }) => state !== 'cycle').length + (health?.dependencies.length ?? 0);
  if (down.length === 0) {
    if (known === 0) return [`${stale} What happens when a dependency fails is not visible from outside.`];
    return [`${stale} None of ${known} dependencies is down, so what happens when one fails was not to be seen.`];
  }
  const named = down.slice(0, MOST_NAMED).flatMap((name, at): Phrase => (at === 0 ? [name] : [', ', name]));
  const others = down.length > MOST_NAMED ? ` and ${down.length - MOST_NAMED} more` : '';
  const still = targetAnswers(evidence);
  if (still === true)
    return [`${stale} Down: `, ...named, `${others}; the target answers all the same: graceful degradation observed.`];
  return [
    `${stale} Down: `,
    ...named,
    `${others}; ${still === null ? 'the target does not answer' : 'the target fails with it'}.`,
  ];
}
