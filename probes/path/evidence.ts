// Owns the record of the path probe: the routers between here and each traced endpoint. The only file here that other probes may import.
// Never holds what JSON cannot: unknown is null, units stand in the names.
import { z } from 'zod';
import { count, endpointIdSchema, ipAddressSchema, milliseconds, wireTextSchema } from '../../src/model/schema.ts';
import { traceMethods } from '../../src/model/trace.ts';

/**
 * How a flow ended. `reached`: the port is open. `refused`: it is closed, so the endpoint was reached. `rejected`: `endedBy` says that nothing gets
 * through. `silent`: behind the last router nobody answers. `loop`: packets go in a circle. `ttl`: the path is longer than was asked.
 * `cut`: the journey ended first, or this machine sent no more.
 */
export const pathEnds = ['reached', 'refused', 'rejected', 'silent', 'loop', 'ttl', 'cut'] as const;
export type PathEnd = (typeof pathEnds)[number];

const icmpSchema = z.object({ type: count, code: count });

const latencySchema = z.object({
  min: milliseconds,
  p50: milliseconds,
  p90: milliseconds,
  p95: milliseconds,
  p99: milliseconds,
  max: milliseconds,
});

const routerSchema = z.object({
  ttl: count,
  /** Who answered, the most frequent first, at most 16; empty when nobody did. More than one: several ways, or a change of the path. */
  addresses: z.array(ipAddressSchema),
  sent: count,
  /** Answers that came. Routers answer a few packets and then about one a second: what is missing is loss only if it is missing behind them too. */
  received: count,
  /** Nearest-rank percentiles of `received` packets; null when none can be told. */
  latencyMs: latencySchema.nullable(),
  /** `kernel` when every packet was stamped by it. */
  clock: z.enum(['kernel', 'loop']),
  /** Length of the way back of the last answer, counted from the next of 64, 128 and 255 above what was left of its lifetime. */
  hopsBack: count.nullable(),
  /** Maximum segment size in the SYN as it came to this router; smaller than before: something between rewrote it. */
  quotedMssBytes: count.nullable(),
});

const flowSchema = z.object({
  sourcePort: count.nullable(),
  end: z.enum(pathEnds),
  /** The lifetime at which it ended, or the last that was asked. */
  ttl: count,
  /** Who answered last. */
  endedBy: ipAddressSchema.nullable(),
  /** What was said there, when it was a router that said it. */
  icmp: icmpSchema.nullable(),
  /** One address for each lifetime from 1 on, the last seen; null where nobody answered. */
  way: z.array(ipAddressSchema.nullable()),
  /** From the endpoint itself, in the order sent. */
  targetMs: z.array(milliseconds),
});

const reachSchema = z.object({ ttl: count, address: ipAddressSchema });

/** Packets of full size that nobody may take apart (DF). */
const fullSizeSchema = z.object({
  /** The largest packet that both ends agreed on. */
  packetBytes: count,
  /** The endpoint acknowledged it. */
  delivered: z.boolean(),
  /**
   * Where packets of full size vanish without a word: on the way there, or on the way back. Null: nowhere, or smaller ones do not get
   * through either, so that it is not their size.
   */
  hole: z.enum(['there', 'back']).nullable(),
  /** The largest packet that got through where the full one did not, of the sizes tried. */
  passesBytes: count.nullable(),
  /** Data in the largest segment that came from the endpoint, as the kernel estimates it: 536 at least. Null when it was asked nothing. */
  receivedMssBytes: count.nullable(),
  /** Every size tried, with what came of it. */
  trials: z.array(z.object({ packetBytes: count, delivered: z.boolean(), receivedBytes: count.nullable() })),
  /** The farthest routers that answered a datagram of full size, and one that passes; null where none did, or it was not looked for. */
  farthestFull: reachSchema.nullable(),
  farthestPassing: reachSchema.nullable(),
});

const endpointSchema = z.object({
  endpoint: endpointIdSchema,
  zone: z.string().nullable(),
  method: z.enum(traceMethods),
  /** On any flow. */
  reached: z.boolean(),
  /** Of the ride to the same endpoint: connections begun, and how many of them came to be. */
  rideConnects: count,
  rideConnected: count,
  /** SYNs of the ride that had to be sent again, or were never answered. */
  rideSynsLost: count,
  /** Largest packet that the kernel believes to get through. */
  pathMtuBytes: count.nullable(),
  /** Absent where it was not tried, or came to no end. */
  fullSize: fullSizeSchema.optional(),
  flows: z.array(flowSchema),
  /** The last is the endpoint itself where it was reached. */
  routers: z.array(routerSchema),
});

export const pathEvidence = z.object({
  /** The first endpoint of each zone. */
  byEndpoint: z.array(endpointSchema),
  /** Chosen, and not traced: why. */
  untraced: z.array(z.object({ endpoint: endpointIdSchema, because: z.string() })),
  /** Neither chosen nor traced, because another of their zone was, or the bound was reached. */
  endpointsLeftOut: count,
  /** What is known of the addresses above: names (PTR), and what the given lists say. */
  places: z.array(
    z.object({
      address: ipAddressSchema,
      name: wireTextSchema.nullable(),
      operator: z.string().nullable(),
      region: z.string().nullable(),
      asn: count.nullable(),
      asName: wireTextSchema.nullable(),
    }),
  ),
});

export type PathEvidence = z.infer<typeof pathEvidence>;
export type EndpointPath = PathEvidence['byEndpoint'][number];
export type FullSizeRecord = NonNullable<EndpointPath['fullSize']>;
export type RouterRecord = EndpointPath['routers'][number];
export type FlowRecord = EndpointPath['flows'][number];
