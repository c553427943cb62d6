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

const name = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'not a label name: letters, digits and _')
  .refine((text) => !text.startsWith('__'), 'labels that begin with __ are Prometheus’ own')
  .refine((text) => !TAKEN.has(text), 'the metrics have a label of that name themselves');

export const labelsSchema = z
  .record(name, z.string('a label value is text: put it in quotes').max(MOST_CHARACTERS))
  .refine((labels) => Object.keys(labels).length <= MOST_LABELS, `more than ${MOST_LABELS} labels`);

export type Labels = Readonly<Record<string, string>>;
