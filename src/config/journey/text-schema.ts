// Owns the schema of a text that may hold secrets.
import { z } from 'zod';
import { SecretText } from '../../model/secret-text.ts';

const MAX_TEXT = 1_048_576;

export const textSchema = z
  .custom<string | SecretText>(
    (value) => value instanceof SecretText || (typeof value === 'string' && value.length <= MAX_TEXT),
    'a text is wanted here (put numbers in quotes)',
  )
  .meta({ type: 'string', description: 'text; ${NAME} takes a secret from the environment, {file: PATH} from a file' });
