// Owns what a caller of POST /journeys may write: a target of the config by its name, or a URL with a few bounded options. Reads no file, takes no secret.
import { z } from 'zod';
import { formatDuration, parseDuration } from '../../model/duration.ts';
import { jsonObjectOf } from '../../model/json-text.ts';
import { UsageError } from '../../model/usage-error.ts';
import { duration } from '../journey/ride.ts';
import { parseAt } from '../refusal.ts';

export type Wanted =
  | { readonly target: string }
  | {
      readonly url: string;
      /** Options of the command line by their names in the program. */
      readonly options: Readonly<Record<string, unknown>>;
    };

const MOST_TIMEOUT_MS = 30_000;
const MOST_DEADLINE_MS = 120_000;
const probes = z
  .array(z.string().regex(/^[a-z]{1,20}$/, 'not a probe'))
  .min(1)
  .max(10);

const wantedSchema = z
  .strictObject({
    target: z.string().min(1).max(200).optional(),
    url: z.string().min(1).max(2048).optional(),
    samples: z.int().min(1).max(100).optional(),
    rate: z.number().min(0.1).max(50).optional(),
    timeout: within(MOST_TIMEOUT_MS),
    deadline: within(MOST_DEADLINE_MS),
    only: probes.optional(),
    skip: probes.optional(),
    http: z.enum(['1.1', '2']).optional(),
    family: z.literal([4, 6]).optional(),
  })
  .refine(({ target, url }) => (target === undefined) !== (url === undefined), 'give one of target, url')
  .refine(
    ({ target, ...more }) => target === undefined || Object.keys(more).length === 0,
    'a target of the config is ridden as the config says: options are for a url',
  );

function within(mostMs: number) {
  return duration.refine((text) => parseDuration(text, '') <= mostMs, `at most ${formatDuration(mostMs)}`).optional();
}

/** @throws UsageError that does not repeat the text */
export function readWanted(text: string): Wanted {
  const value = jsonObjectOf(text);
  if (value === null)
    throw new UsageError('the body is not a JSON object', 'send {"target": "NAME"} or {"url": "https://..."}');
  const { target, url, ...given } = parseAt<z.infer<typeof wantedSchema>>(
    wantedSchema,
    value,
    () => 'the body',
    Object.keys(wantedSchema.shape),
  );
  if (target !== undefined) return { target };
  const { samples, rate, only, skip, family, ...asTheyAre } = given;
  return {
    url: url ?? '',
    options: {
      ...asTheyAre,
      ...(samples === undefined ? {} : { samples: String(samples) }),
      ...(rate === undefined ? {} : { rate: String(rate) }),
      ...(only === undefined ? {} : { only: only.join(',') }),
      ...(skip === undefined ? {} : { skip: skip.join(',') }),
      ...(family === undefined ? {} : { [family]: true }),
    },
  };
}
