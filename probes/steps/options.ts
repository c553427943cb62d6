// Owns what changes the steps probe's looking: the steps with their requests, captures and assertions, as a journey file has them.
import { z } from 'zod';
import { parseDuration } from '../../src/model/duration.ts';
import { SecretText } from '../../src/model/secret-text.ts';
import { hopIds } from '../../src/model/trace.ts';
import { options, policy } from './defaults.ts';
import { jsonPathOf } from './json-path.ts';
import { schemaTestOf } from './json-schema.ts';
import { patternOf } from './pattern.ts';
import { capturesIn } from './places.ts';
import { statusRange } from './statuses.ts';
import { talkName, urlFault } from './talk-kind.ts';

export const MAX_STEPS = 32;
export const MAX_REPEAT = 100;
const MAX_REDIRECTS = 20;
const MAX_ASSERTIONS = 64;

const text = z
  .custom<string | SecretText>(
    (value) => typeof value === 'string' || value instanceof SecretText,
    'a text is wanted here (put numbers in quotes)',
  )
  .meta({
    type: 'string',
    description: 'text; ${NAME} takes a secret from the environment, {{name}} what a step before captured',
  });

/** What another reader compiles: its words say what is wrong. */
function readBy(read: (source: never) => unknown, what: string) {
  return (value: unknown, context: z.RefinementCtx): void => {
    try {
      read(value as never);
    } catch (error) {
      const words = error instanceof Error ? error.message : 'cannot be read';
      context.addIssue({ code: 'custom', message: `${what}: ${words.slice(0, 200)}` });
    }
  };
}

const pattern = z.string().min(1).superRefine(readBy(patternOf, 'not a regular expression of RE2'));
const jsonPath = z.string().min(1).superRefine(readBy(jsonPathOf, 'not a JSONPath (RFC 9535)'));
const duration = z.string().superRefine(readBy((value: string) => parseDuration(value, 'duration'), 'not a duration'));
const jsonSchema = z
  .union([z.record(z.string(), z.unknown()), z.boolean()])
  .superRefine(readBy(schemaTestOf, 'not a JSON Schema'));
const status = z
  .union([z.string(), z.int()])
  .refine((value) => statusRange(value) !== null, 'write a status as 200, 2xx or 200-204');
const captureName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, 'a name is letters, digits, "_" and "-"');

const matcher = {
  equals: text.optional(),
  contains: text.optional(),
  /** RE2. */
  matches: pattern.optional(),
};

const assertion = z
  .strictObject({
    status: z.union([status, z.array(status).min(1)]).optional(),
    header: z.strictObject({ name: z.string().min(1), ...matcher, absent: z.literal(true).optional() }).optional(),
    body: z.strictObject({ ...matcher, lacks: text.optional() }).optional(),
    json: z
      .strictObject({
        path: jsonPath,
        equals: z.unknown().optional(),
        contains: text.optional(),
        matches: pattern.optional(),
        absent: z.literal(true).optional(),
        count: z.int().nonnegative().optional(),
        atLeast: z.number().optional(),
        atMost: z.number().optional(),
      })
      .optional(),
    jsonSchema: jsonSchema.optional(),
    /** At most so long, by phase; the longest of a step's exchanges. `total`: the step from its begin to its end. */
    latency: z.partialRecord(z.enum(hopIds), duration).optional(),
    certificate: z
      .strictObject({
        trusted: z.literal(true).optional(),
        daysLeft: z.number().nonnegative().optional(),
        /** Part of the issuer's name. */
        issuer: z.string().min(1).optional(),
      })
      .optional(),
    protocol: z
      .strictObject({
        http: z.enum(['1.1', '2']).optional(),
        /** At least. */
        tls: z.enum(['1.2', '1.3']).optional(),
      })
      .optional(),
    redirects: z.int().nonnegative().optional(),
  })
  .refine((value) => Object.keys(value).length > 0, 'an assertion says what is to hold');

export type AssertionSource = z.infer<typeof assertion>;

const captureSource = z
  .strictObject({
    json: jsonPath.optional(),
    header: z.string().min(1).optional(),
    /** RE2 over the body; the first group, or all that matched. */
    regex: pattern.optional(),
    cookie: z.string().min(1).optional(),
  })
  .refine((value) => Object.keys(value).length === 1, 'give one of json, header, regex, cookie');

export type CaptureSource = z.infer<typeof captureSource>;

const method = z.string().regex(/^[A-Z]{1,20}$/, 'a method is written in capitals, for example GET');

const asked = z.strictObject({
  method: method.optional(),
  headers: z.record(z.string().min(1), text).optional(),
  body: text.optional(),
  json: z.unknown().optional(),
});

/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const MAX_TURNS = 32;

const step = z
  .strictObject({
    name: z.string().min(1).max(80),
    method: method.optional(),
    /** Absent: the target. A path or whole URL; of another host too. */
    url: text.optional(),
    headers: z.record(z.string().min(1), text).optional(),
    body: text.optional(),
    json: z.unknown().optional(),
    form: z.record(z.string(), text).optional(),
    /** Absent: the credentials of the journey, to the origin of the target alone. */
    auth: z.literal('none').optional(),
    /** How many redirects are followed; 0: none. */
    redirects: z.int().min(0).max(MAX_REDIRECTS).default(10),
    http: z.enum(['1.1', '2']).optional(),
    /** RFC 6455: the handshake, then a message, if any, the one waited for, and a ping. `url`: ws, wss, http or https. */
    websocket: z
      .strictObject({
        send: text.optional(),
        /** RE2 over each message. */
        expect: pattern.optional(),
        protocols: z.array(z.string().regex(TOKEN, 'not a name of a protocol (RFC 6455 4.1)')).max(8).optional(),
      })
      .optional(),
    /** grpc.health.v1; passed when the service, or without one the server, is SERVING. `url`: grpc, grpcs, http or https. */
    grpcHealth: z.strictObject({ service: z.string().max(200).optional() }).optional(),
    /** Over TCP, in turns. `url`: tcp://HOST:PORT, or tls://. */
    lines: z
      .array(
        z
          .strictObject({ send: text.optional(), expect: pattern.optional() })
          .refine((turn) => Object.keys(turn).length === 1, 'give one of send, expect'),
      )
      .min(1)
      .max(MAX_TURNS)
      .optional(),
    capture: z.record(captureName, captureSource).default({}),
    assert: z.array(assertion).max(MAX_ASSERTIONS).default([]),
  })
  .refine(
    ({ body, json, form, websocket, grpcHealth, lines }) =>
      [body, json, form, websocket, grpcHealth, lines].filter((one) => one !== undefined).length < 2,
    'give one of body, json, form, websocket, grpcHealth, lines',
  )
  .refine(
    (one) => talkName(one) === null || (one.method === undefined && one.http === undefined),
    'method and http are of plain requests',
  )
  .superRefine((one, context) => {
    const fault = urlFault(one);
    if (fault !== null) context.addIssue({ code: 'custom', message: fault, path: ['url'] });
  });

export type StepSource = z.infer<typeof step>;

/** What is put in must have been taken before: a mistyped name would send an empty credential. */
function namesAreKnown(steps: readonly StepSource[], context: z.RefinementCtx): void {
  const known = new Set<string>();
  const names = new Set<string>();
  for (const [at, one] of steps.entries()) {
    if (names.has(one.name))
      context.addIssue({ code: 'custom', message: 'two steps have this name', path: [at, 'name'] });
    names.add(one.name);
    const stranger = capturesIn(one).find((name) => !known.has(name));
    if (stranger !== undefined)
      context.addIssue({ code: 'custom', message: `no step before captures "${stranger}"`, path: [at] });
    for (const name of Object.keys(one.capture)) known.add(name);
  }
}

export const stepsOptions = z.strictObject({
  steps: z.array(step).max(MAX_STEPS).superRefine(namesAreKnown).default(options.steps),
  /** Of the target itself, when there are no steps: one request with these assertions. */
  assert: z.array(assertion).max(MAX_ASSERTIONS).default(options.assert),
  /** That request; absent: a plain GET. */
  request: asked.optional(),
  /** How often the steps are gone through, one after the other. */
  repeat: z.int().min(1).max(MAX_REPEAT).default(options.repeat),
  /** From the begin of one round to the begin of the next, at least. */
  every: duration.default(options.every),
});
export type StepsOptions = z.infer<typeof stepsOptions>;

export const stepsPolicy = z.strictObject(policy);
export type StepsPolicy = z.infer<typeof stepsPolicy>;
