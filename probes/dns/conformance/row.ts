// Owns what one row of the trials is, and its name in words. Pure.

/** What stands beside the trials of the same name: EDNS at all, letters of the question, bytes behind the message, room, one connection. */
export const rowNames = [
  'plain',
  'edns',
  'edns-version',
  'edns-option',
  'edns-flag',
  'large',
  'cookie',
  'bad-cookie',
  'unknown-type',
  'opcode',
  'reserved-bit',
  'any',
  'letters',
  'trailing',
  'pipeline',
] as const;
export type RowName = (typeof rowNames)[number];

export const rowWords: Readonly<Record<RowName, string>> = {
  plain: 'a question without EDNS',
  edns: 'EDNS',
  'edns-version': 'EDNS version 1',
  'edns-option': 'an unknown EDNS option',
  'edns-flag': 'an unknown EDNS flag',
  large: 'a large answer',
  cookie: 'a cookie',
  'bad-cookie': 'a malformed cookie',
  'unknown-type': 'an unknown record type',
  opcode: 'an unknown opcode',
  'reserved-bit': 'the reserved header bit',
  any: 'type ANY',
  letters: 'mixed-case letters',
  trailing: 'no bytes behind its messages',
  pipeline: 'two questions on one connection',
};

export interface Row {
  readonly row: RowName;
  /** `fact`: servers differ, and all are right. */
  readonly outcome: 'ok' | 'breaks' | 'fact';
  /** What the server does: of `ok` in a word, of the others as the end of a sentence. */
  readonly says: string;
  /** The question was not answered at all, or with an error that resolvers do not get over. */
  readonly stops: boolean;
}

export const ok = (row: RowName, says = 'ok'): Row => ({ row, outcome: 'ok', says, stops: false });
export const breaks = (row: RowName, says: string, stops = false): Row => ({ row, outcome: 'breaks', says, stops });
export const fact = (row: RowName, says: string): Row => ({ row, outcome: 'fact', says, stops: false });
