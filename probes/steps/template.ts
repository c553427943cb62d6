// Owns the pieces that a text with places for captured values, `{{name}}`, is put together from.
// Opens none of them: that is src/net's.

import type { Secret } from '../../src/model/secret.ts';
import { SecretText } from '../../src/model/secret-text.ts';
import type { Encoding, Piece } from '../../src/net/call/secret-text.ts';
import { PLACE } from './places.ts';

export type Captures = ReadonlyMap<string, Secret>;

/** A name that nothing was captured under leaves its place as it is written. */
export function piecesOf(text: string | SecretText, captures: Captures, encoding: Encoding): readonly Piece[] {
  const parts = text instanceof SecretText ? text.parts : [text];
  return parts.flatMap((part): readonly Piece[] => {
    if (typeof part !== 'string') return [{ value: part, encoding }];
    const pieces: Piece[] = [];
    let at = 0;
    for (const found of part.matchAll(PLACE)) {
      const value = captures.get(found[1] ?? '');
      pieces.push(part.slice(at, found.index), value === undefined ? found[0] : { value, encoding });
      at = found.index + found[0].length;
    }
    return [...pieces, part.slice(at)].filter((piece) => piece !== '');
  });
}
