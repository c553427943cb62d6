// Owns the schema of how a resolver was asked: each go at it, and the certificate that it showed. Part of evidence.ts.
import { z } from 'zod';
import { dnsTransports } from '../../src/model/trace.ts';

const count = z.int().nonnegative();

/** One go within one question. */
export const resolverTry = z.object({
  type: z.enum(['A', 'AAAA']),
  transport: z.enum(dnsTransports),
  /** Datagrams; 1 on a connection. */
  sent: count,
  edns: z.boolean(),
  /** RFC 7873. */
  cookie: z.boolean(),
  /** Response code of the reply, or the problem that there was instead. */
  outcome: z.string(),
  truncated: z.boolean(),
  /** Whether the letters of the question came back as they were sent; null: not tried, or no reply. */
  caseKept: z.boolean().nullable(),
  elapsedMs: z.number().nonnegative(),
});

/** Of the certificate that the resolver showed. */
export const resolverCertificate = z.object({ notBefore: z.iso.datetime(), notAfter: z.iso.datetime() });

export type ResolverTryEvidence = z.infer<typeof resolverTry>;
