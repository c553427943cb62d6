// Owns the schemas of a text that may hold secrets, and of one that must.
import { z } from 'zod';
import { SecretText } from '../../model/secret-text.ts';

const MAX_TEXT = 1_048_576;

/** As a person writes it, for editors. */
const AS_WRITTEN = [
  { type: 'string' },
  { type: 'object', properties: { file: { type: 'string' } }, required: ['file'], additionalProperties: false },
];

export const textSchema = z
  .custom<string | SecretText>(
    (value) => value instanceof SecretText || (typeof value === 'string' && value.length <= MAX_TEXT),
    'a text is wanted here (put numbers in quotes)',
  )
  .meta({
    anyOf: AS_WRITTEN,
    description: 'text; ${NAME} takes a secret from the environment, {file: PATH} from a file',
  });

/** A text that is a secret, or holds one. */
export const secretSchema = z
  .custom<SecretText>(
    (value) => value instanceof SecretText,
    'a secret is not written into the file: name it, as ${NAME} of the environment or {file: PATH}',
  )
  .meta({ anyOf: AS_WRITTEN, description: '${NAME} takes it from the environment, {file: PATH} from a file' });
