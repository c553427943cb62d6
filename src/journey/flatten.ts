// Owns the step from phrases in pieces to sentences in the journey: wire text in them becomes visible text, for people run
// `jq -r` in a terminal.
import type { Phrase, Step, WrittenStep } from '../model/finding.ts';
import type { Json } from '../model/json.ts';
import { visible } from '../model/text.ts';

/** A sentence may quote this much of one wire text. */
const MAX_QUOTED = 200;

export function flatten(phrase: Phrase): string {
  return phrase.map((piece) => (typeof piece === 'number' ? String(piece) : shortened(visible(piece)))).join('');
}

export function writeStep(step: Step): WrittenStep {
  return step.kind === 'change'
    ? { kind: 'change', text: flatten(step.text) }
    : { kind: 'command', argv: step.argv.map((word) => visible(word)) };
}

/** Makes every string in a value visible text. */
export function visibleJson(value: Json): Json {
  if (typeof value === 'string') return visible(value);
  if (Array.isArray(value)) return value.map((item: Json) => visibleJson(item));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [visible(key), visibleJson(item as Json)]));
  }
  return value;
}

function shortened(text: string): string {
  return text.length > MAX_QUOTED * 4 ? `${text.slice(0, MAX_QUOTED * 4)}…` : text;
}
