// Owns where a text has places for captured values, `{{name}}`, and what they are called. Pure.
import { SecretText } from '../../src/model/secret-text.ts';

export const PLACE = /\{\{\s*([A-Za-z_][A-Za-z0-9_-]{0,63})\s*\}\}/g;

/** Names in any text of a step's request and assertions. */
export function capturesIn(step: unknown): readonly string[] {
  if (typeof step === 'string') return [...step.matchAll(PLACE)].map(([, name]) => name ?? '');
  if (step instanceof SecretText)
    return step.parts.flatMap((part) => (typeof part === 'string' ? capturesIn(part) : []));
  if (typeof step !== 'object' || step === null) return [];
  return Object.values(step).flatMap(capturesIn);
}
