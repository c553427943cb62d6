// Owns the labels that a person gives to targets: which names and values they may have. Never invents one.
import { z } from 'zod';
import { agentCatalogue } from '../../metrics/agent-catalogue.ts';
import { catalogue } from '../../metrics/catalogue.ts';

/** Names that the metrics have themselves, and those that Prometheus gives a meaning of their own. */
const TAKEN: ReadonlySet<string> = new Set([
  ...['target', 'le', 'quantile'],
  ...[...catalogue, ...agentCatalogue].flatMap(({ labels }) => labels),
]);
const MOST_LABELS = 32;
const MOST_CHARACTERS = 200;

/** Said of a key at its own line: a record says no more of its keys than that they are wrong. */
export const labelsSchema = z
  .record(
    z.string(),
    z
      .string('a label value is text: put it in quotes')
      .max(MOST_CHARACTERS, `a label value of more than ${MOST_CHARACTERS} letters`),
  )
  .refine((labels) => Object.keys(labels).length <= MOST_LABELS, `more than ${MOST_LABELS} labels`)
  .superRefine((labels, context) => {
    for (const name of Object.keys(labels)) {
      const message = faultOf(name);
      if (message !== null) context.addIssue({ code: 'custom', path: [name], message });
    }
  });

function faultOf(name: string): string | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name)) return 'not a label name: letters, digits and _';
  if (name.startsWith('__')) return 'labels that begin with __ are Prometheus’ own';
  return TAKEN.has(name) ? 'the metrics have a label of that name themselves' : null;
}

export type Labels = Readonly<Record<string, string>>;
