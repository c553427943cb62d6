// Owns everything that decides what one journey sends and how it is judged. Made by the command line or a config file.
import type { DnsServer } from '../contract/net.ts';
import type { AddressRanges } from '../model/address-ranges.ts';
import type { Credentials } from '../model/credentials.ts';
import type { Observation } from '../model/journey.ts';
import type { Secret } from '../model/secret.ts';
import type { Target, ZoneSource } from '../model/target.ts';
import type { DnsName, IpAddress } from '../model/text.ts';
import type { TraceHeader } from '../model/trace-context.ts';

/** An address given by hand instead of DNS. */
export interface PinnedAddress {
  readonly address: IpAddress;
  /** Null: the target's port. */
  readonly port: number | null;
  readonly zone: string | null;
}

export interface NamedZone {
  readonly name: string;
  readonly addresses: readonly IpAddress[];
  readonly source: ZoneSource;
}

export interface RequestSettings {
  readonly method: string;
  /** Values given by a person are secret: they may be credentials. */
  readonly headers: readonly (readonly [string, Secret | string])[];
  readonly body: Uint8Array | null;
  readonly userAgent: string;
  /** With what the caller shows who it is. Absent: nobody in particular. */
  readonly credentials?: Credentials;
  /** Which trace headers each sample carries. Absent: none. */
  readonly traced?: readonly TraceHeader[];
}

export interface RideSettings {
  readonly target: Target;
  /** Requests to each endpoint. */
  readonly samples: number;
  /** Requests a second to one endpoint, at most. */
  readonly rate: number;
  /** Bound on each single step, ms. */
  readonly timeoutMs: number;
  /** Bound on the whole journey, ms. */
  readonly deadlineMs: number;
  /** Null: the system's. */
  readonly resolvers: readonly DnsServer[] | null;
  /** Roots for resolvers over TLS and HTTPS: the system's, and those given for the target. Null or absent: those that ship with Node. */
  readonly resolverCaPem?: readonly string[] | null;
  /** Questions in mixed letters; questions over TLS and HTTPS padded. Absent: both. */
  readonly dns?: { readonly mixedCase: boolean; readonly padding: boolean };
  readonly families: readonly (4 | 6)[];
  /** Ridden instead of what DNS gives, when not empty. */
  readonly connect: readonly PinnedAddress[];
  readonly zones: readonly NamedZone[];
  readonly servername: DnsName | null;
  readonly trust: {
    /** Null: the roots that ship with Node. */
    readonly caPem: readonly string[] | null;
    readonly source: 'given roots' | 'system roots' | 'roots of Node.js';
    readonly insecure: boolean;
  };
  readonly identity: { readonly certificatePem: string; readonly key: Secret } | null;
  readonly request: RequestSettings;
  /** False: the traces of the samples ask not to be recorded. Absent: they ask to be. */
  readonly traceSampled?: boolean;
  readonly http: '1.1' | '2' | 'negotiated';
  /**
   * By which clock samples are taken. `kernel`: every arrival stamped, on sockets of our own. `loop`: on Node's sockets, where the kernel
   * tells of connect alone. `auto`, and absent: the first where this machine can.
   */
  readonly clock?: 'kernel' | 'loop' | 'auto';
  /** Ids of the probes to run; the others are skipped by choice. */
  readonly probes: readonly string[];
  /** Looking options by probe id. */
  readonly probeOptions: { readonly [probe: string]: unknown };
  /** Earlier journeys to the same host, the oldest first. */
  readonly before?: readonly Observation[];
  /** What published lists say of addresses. */
  readonly networks?: AddressRanges;
}

/** Bodies past this are cut, not failed; headers past this are a failure of the sample. Bytes. */
export const LIMITS = { bodyBytes: 1_048_576, headerBytes: 65_536 } as const;
/** More addresses than this behind one name are left out, and said so. */
export const MAX_ENDPOINTS = 64;
/** Samples under way at once to one endpoint: a black hole must not eat the descriptors. */
export const MAX_IN_FLIGHT = 64;
/** A tenth more CPU than `loop`, and no more time (bench/clock.ts). */
export const DEFAULT_CLOCK = 'auto';
