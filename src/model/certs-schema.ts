// Owns the schemas of a report of `probe certs`: the whole document, as it is published, and what is read back of it where a later one
// is compared with it. Loaded for nothing else.
import { z } from 'zod';
import { certificateSchema, fingerprintSchema } from './certificate-schema.ts';
import { type CertsReport, certFileFormats } from './certs.ts';
import { severities } from './finding.ts';
import { verdicts } from './journey.ts';
import { count, dnsNameSchema, endpointIdSchema, milliseconds, problemSchema, wireTextSchema } from './schema.ts';
import { starttlsProtocols } from './target.ts';

export const reportSchema = z.object({
  schema: z.literal('certs/1'),
  startedAt: z.iso.datetime(),
  places: z.array(z.object({ id: z.string(), target: z.string().optional(), chain: z.array(fingerprintSchema) })),
  certificates: z.record(fingerprintSchema, certificateSchema),
  problems: z.array(z.object({ id: z.string(), certificate: fingerprintSchema.nullable() })),
});

const instant = z.iso.datetime();

const verdictSchema = z.object({
  valid: z.boolean(),
  path: z.array(fingerprintSchema),
  faults: z.array(
    z.object({
      code: z.string(),
      fatal: z.boolean(),
      certificate: fingerprintSchema,
      says: z.string(),
      about: wireTextSchema.nullable(),
    }),
  ),
  paths: z.array(z.object({ certificates: z.array(fingerprintSchema), endsAt: instant, endsBy: fingerprintSchema })),
});

const placeBase = {
  id: z.string(),
  state: z.enum(['read', 'failed', 'unfinished']),
  chain: z.array(fingerprintSchema),
  verdict: verdictSchema.exactOptional(),
};

const endpointPlaceSchema = z.object({
  ...placeBase,
  kind: z.literal('endpoint'),
  target: z.string(),
  endpoint: endpointIdSchema.nullable(),
  servername: dnsNameSchema.nullable(),
  starttls: z.enum(starttlsProtocols).nullable(),
  problem: problemSchema.nullable(),
  elapsedMs: milliseconds,
  protocol: z.string().nullable(),
  certificatesSent: count,
  trusted: z.boolean().nullable(),
  hostnameMatches: z.boolean().nullable(),
});

const filePlaceSchema = z.object({
  ...placeBase,
  kind: z.literal('file'),
  path: z.string(),
  entry: wireTextSchema.nullable(),
  format: z.enum(certFileFormats).nullable(),
  because: z.string().nullable(),
});

const problemOfCertsSchema = z.object({
  id: z.string(),
  severity: z.enum([...severities, 'unknown']),
  target: z.string(),
  places: z.array(z.string()),
  certificate: fingerprintSchema.nullable(),
  atMs: z.number().nullable(),
  what: z.string(),
  soWhat: z.string(),
  nowWhat: z.string(),
});

/** The document `certs/1`. What each field means is said in certs.ts. */
export const certsDocumentSchema = z.object({
  schema: z.literal('certs/1'),
  startedAt: instant,
  asOf: instant,
  durationMs: milliseconds,
  verdict: z.enum(verdicts),
  complete: z.boolean(),
  counts: z.object({ targets: count, places: count, failed: count, certificates: count }),
  judgedWith: z.record(z.string(), z.json()),
  problems: z.array(problemOfCertsSchema),
  places: z.array(z.discriminatedUnion('kind', [endpointPlaceSchema, filePlaceSchema])),
  certificates: z.record(fingerprintSchema, certificateSchema),
}) satisfies z.ZodType<CertsReport>;
