// Owns the short titles of the six questions and how an answer says what it rests on.
import type { Answer, Question } from '../model/finding.ts';
import type { Journey } from '../model/journey.ts';
import { LEFT_OUT } from '../model/observation-words.ts';

const SHORT_TITLES: Readonly<Record<Question, string>> = {
  1: 'DNS',
  2: 'Balancer',
  3: 'Hosts',
  4: 'TLS',
  5: 'Layers',
  6: 'Access',
};

/** The answers worth a reader's time: of probes that were left out by choice the headline speaks. */
export function toldAnswers({ answers, probes }: Journey): readonly Answer[] {
  return answers.filter(({ probe }) => probes[probe]?.because !== LEFT_OUT).toSorted((a, b) => a.question - b.question);
}

export function shortTitle({ question }: Answer): string {
  return SHORT_TITLES[question];
}

/** What is said beside an answer that nobody saw on the wire; null for an observed one. */
export function confidenceNote({ confidence, summary }: Answer): string | null {
  switch (confidence) {
    case 'observed':
      return null;
    case 'inferred':
      return 'inferred';
    case 'declared':
      return 'declared';
    case 'not-visible':
      return /not visible|^not looked at/i.test(summary) ? null : 'not visible from outside';
  }
}
