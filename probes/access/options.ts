// Owns what changes the access probe's looking and its judging.
import { z } from 'zod';
import { parseTarget } from '../../src/model/target.ts';
import { options, policy } from './defaults.ts';

/** A dependency as a person declares it: its target, or with a name and dependencies of its own. */
export type Declared =
  | string
  | {
      readonly name?: string | undefined;
      readonly target: string;
      readonly dependsOn?: readonly Declared[] | undefined;
    };

const DEEPEST = 3;
const MOST_BESIDE = 16;

const targetSchema = z.string().max(2000).refine(isTarget, 'not a name, host:port or URL');

function isTarget(text: string): boolean {
  try {
    return parseTarget(text).url !== '';
  } catch {
    return false;
  }
}

function declaredSchema(depth: number): z.ZodType<Declared> {
  const own = { name: z.string().min(1).max(60).optional(), target: targetSchema };
  const below =
    depth === 1
      ? {}
      : {
          dependsOn: z
            .array(declaredSchema(depth - 1))
            .max(MOST_BESIDE)
            .optional(),
        };
  return z.union([targetSchema, z.strictObject({ ...own, ...below })]) as z.ZodType<Declared>;
}

const pathSchema = z
  .string()
  .max(500)
  .regex(/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/, 'a path begins with / and has no blanks');

export const accessOptions = z.strictObject({
  /** One OPTIONS request to one endpoint: what a browser would be told for a page of another origin. */
  preflight: z.boolean().default(options.preflight),
  /** One TRACE request to one endpoint. */
  tryTrace: z.boolean().default(options.tryTrace),
  /** Requests ever faster to one endpoint, until one is turned away. Requests a second. */
  findLimit: z
    .strictObject({ fromPerSecond: z.number().min(0.1).max(1000), toPerSecond: z.number().min(0.1).max(1000) })
    .refine(({ fromPerSecond, toPerSecond }) => fromPerSecond < toPerSecond, 'from must be below to')
    .nullable()
    .default(options.findLimit),
  /** Requests held open to one endpoint, one more at a time, until one is turned away: at most so many. */
  findLimitOpen: z.int().min(1).max(256).nullable().default(options.findLimitOpen),
  /** Path of the health endpoint; true: the well-known ones in turn. */
  health: z
    .union([z.literal(true), pathSchema])
    .nullable()
    .default(options.health),
  /** What the service depends on, ridden too: at most 16 in all, three deep. */
  dependsOn: z.array(declaredSchema(DEEPEST)).max(MOST_BESIDE).default(options.dependsOn),
});
export type AccessOptions = z.infer<typeof accessOptions>;

export const accessPolicy = z.strictObject({
  /** A rate limit with less than this share left is nearly used up. */
  remainingShare: z.number().min(0).max(1).default(policy.remainingShare),
});
export type AccessPolicy = z.infer<typeof accessPolicy>;
