// Owns the zod pieces that several records share. Loaded only where JSON is read back or a schema is published.
import { z } from 'zod';
import { faults, type Problem, problemCodes, steps } from './problem.ts';
import type { DnsName, EndpointId, IpAddress, WireText } from './text.ts';

/** Text from the wire: a JSON string, opaque to the compiler. */
export const wireTextSchema = z.string() as unknown as z.ZodType<WireText>;
export const dnsNameSchema = z.string().max(253) as unknown as z.ZodType<DnsName>;
export const ipAddressSchema = z.string().max(64) as unknown as z.ZodType<IpAddress>;
export const endpointIdSchema = z.string().max(80) as unknown as z.ZodType<EndpointId>;
/** RFC 6901 */
export const pointerSchema = z.string().regex(/^(\/.*)?$/);
export const milliseconds = z.number().nonnegative();
export const count = z.int().nonnegative();

export const problemSchema: z.ZodType<Problem> = z.object({
  code: z.enum(problemCodes),
  fault: z.enum(faults),
  step: z.enum(steps),
  detail: wireTextSchema.nullable(),
});
