// Owns the check for dependencies that are down: declared ones that were asked, and those that the health endpoint tells of.
import { type Check, foundOrPass, type Seen } from '../../../src/contract/check.ts';
import { type Phrase, pointer } from '../../../src/model/finding.ts';
import { targetAnswers } from '../degradation-words.ts';
import type { AccessEvidence } from '../evidence.ts';
import type { AccessPolicy } from '../options.ts';

export const dependencyDown: Check<{ access: AccessEvidence }, AccessPolicy> = {
  id: 'dependency-down',
  needs: ['access'],
  severity: 'warning',
  title: 'Dependency down',
  soWhat: 'What needs it fails, or goes on with less than it should, until it is back.',
  nowWhat: [{ kind: 'change', text: ['Ride the dependency itself: probe its address.'] }],
  sources: ['draft-inadarei-api-health-check-06', 'https://docs.spring.io/spring-boot/api/rest/actuator/health.html'],
  judge({ access }) {
    const { dependencies = [], health } = access;
    const asked = dependencies.filter(({ state }) => state !== 'cycle');
    const told = health?.dependencies ?? [];
    if (asked.length === 0 && told.length === 0)
      return { outcome: 'not-applicable', because: 'no dependency is declared or told of' };
    const still = targetAnswers(access);
    const rest =
      still === true
        ? '; the target answers all the same.'
        : still === null
          ? '; the target does not answer.'
          : '; the target fails too.';
    const declared = dependencies.flatMap(({ name, state, statuses, problem }, at): readonly Seen[] => {
      const why = problem ?? Object.keys(statuses).join(', ');
      const what = [`The dependency ${name} is down (${why})${rest}`];
      return state === 'down' ? [{ what, evidence: [pointer('evidence', 'access', 'dependencies', at)] }] : [];
    });
    const said = told.flatMap(({ name, state, says }, at): readonly Seen[] => {
      const what: Phrase = ['The health endpoint says that ', name, ' is down (', says ?? 'no word', ')', rest];
      return state === 'down'
        ? [{ what, evidence: [pointer('evidence', 'access', 'health', 'dependencies', at)] }]
        : [];
    });
    return foundOrPass([...declared, ...said]);
  },
};
