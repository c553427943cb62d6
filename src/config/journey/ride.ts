// Owns the keys that say how a journey is ridden: each is an option of the command line under its own name.
import { z } from 'zod';
import { parseDuration } from '../../model/duration.ts';
import type { JourneyPart, PartContext } from './part.ts';

export const duration = z.string().refine(isDuration, 'write a number and a unit: 500ms, 5s, 2m, 12h, 30d');
const texts = z.array(z.string().min(1));

function isDuration(text: string): boolean {
  try {
    return parseDuration(text, '') > 0;
  } catch {
    return false;
  }
}

const asText = (value: unknown): string => String(value as string | number);
const asIs = (value: unknown): unknown => value;
const commas = (value: unknown): string => (value as readonly string[]).join(',');

interface Key {
  readonly schema: z.ZodType;
  /** The option's name in the program. */
  readonly option: string;
  readonly write: (value: unknown, context: PartContext) => unknown;
}

const aFile: Omit<Key, 'option'> = {
  schema: z.string().min(1),
  write: (value, { resolvePath }) => resolvePath(value as string),
};

/** Which families: the command line has a flag each. */
const familyFlags: Omit<Key, 'option'> = { schema: z.literal([4, 6]), write: () => true };

const keys: Readonly<Record<string, Key>> = {
  samples: { schema: z.int().min(1).max(100_000), option: 'samples', write: asText },
  rate: { schema: z.number().positive().max(1000), option: 'rate', write: asText },
  timeout: { schema: duration, option: 'timeout', write: asIs },
  deadline: { schema: duration, option: 'deadline', write: asIs },
  resolvers: { schema: texts, option: 'resolver', write: asIs },
  connect: { schema: texts, option: 'connect', write: asIs },
  zones: { schema: z.record(z.string().min(1), texts), option: 'zone', write: zonesOf },
  expect: { ...aFile, option: 'expect' },
  caFile: { ...aFile, option: 'caFile' },
  clientCert: { ...aFile, option: 'clientCert' },
  clientKey: { ...aFile, option: 'clientKey' },
  policy: { ...aFile, option: 'policy' },
  insecure: { schema: z.literal(true), option: 'insecure', write: asIs },
  sni: { schema: z.string().min(1), option: 'sni', write: asIs },
  http: { schema: z.enum(['1.1', '2']), option: 'http', write: asIs },
  userAgent: { schema: z.string().min(1), option: 'userAgent', write: asIs },
  only: { schema: texts.min(1), option: 'only', write: commas },
  skip: { schema: texts.min(1), option: 'skip', write: commas },
  warn: { schema: duration, option: 'warn', write: asIs },
  critical: { schema: duration, option: 'critical', write: asIs },
  revocation: { schema: z.literal(true), option: 'revocation', write: asIs },
  reuse: { schema: z.literal(false), option: 'reuse', write: asIs },
  reverseNames: { schema: z.boolean(), option: 'reverseNames', write: asIs },
  poll: { schema: z.literal(false), option: 'poll', write: asIs },
  intrusive: { schema: z.literal(true), option: 'intrusive', write: asIs },
  infer: { schema: z.literal(true), option: 'infer', write: asIs },
};

function zonesOf(value: unknown): readonly string[] {
  return Object.entries(value as Record<string, readonly string[]>).map(([name, list]) => `${name}=${list.join(',')}`);
}

export const ridePart: JourneyPart = {
  schemas: () =>
    Promise.resolve({
      target: z.string().min(1),
      family: familyFlags.schema,
      ...Object.fromEntries(Object.entries(keys).map(([name, { schema }]) => [name, schema])),
    }),
  read({ target, family, ...values }, context) {
    const options = Object.entries(values).flatMap(([name, value]) => {
      const key = keys[name];
      return key === undefined ? [] : [[key.option, key.write(value, context)] as const];
    });
    const flags = family === undefined ? [] : [[String(family as number), true] as const];
    return {
      ...(target === undefined ? {} : { target: target as string }),
      options: Object.fromEntries([...options, ...flags]),
    };
  },
};
