// Owns what a part of a journey file is: its keys with their schemas, and what their values change of a ride.
import type { z } from 'zod';
import type { AnyProbe } from '../../contract/probe.ts';
import type { Credentials } from '../../model/credentials.ts';
import type { Secret } from '../../model/secret.ts';
import type { SecretText } from '../../model/secret-text.ts';
import type { Written } from '../yaml.ts';

/** What the keys of one part come to. Parts never contradict each other: each has its own keys. */
export interface Contribution {
  readonly target?: string;
  /** Options of the command line by their names in the program; what is given there goes before. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Of the request that the ride sends. Headers of the command line are added. */
  readonly request?: {
    readonly method?: string;
    readonly headers?: readonly (readonly [string, Secret])[];
    readonly body?: Uint8Array;
  };
  /** With what requests to the target show who the caller is. */
  readonly credentials?: Credentials;
  /** Looking options by probe id. */
  readonly probeOptions?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface PartContext {
  /** Values of all keys of the file. */
  readonly whole: Readonly<Record<string, unknown>>;
  /** Line of what stands at a path of the file. */
  readonly place: Written['place'];
  readonly probes: readonly AnyProbe[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A path in the file is meant from the folder that the file is in. */
  readonly resolvePath: (path: string) => string;
  readonly readBytes: (path: string, key: string) => Promise<Uint8Array>;
}

export interface JourneyPart {
  /** Every key is optional in the file. */
  schemas(probes: readonly AnyProbe[]): Promise<Readonly<Record<string, z.ZodType>>>;
  /** Values of the keys that are there, as their schemas made them. @throws UsageError */
  read(values: Readonly<Record<string, unknown>>, context: PartContext): Contribution | Promise<Contribution>;
}

/** Text that may hold secrets. */
export type Text = string | SecretText;
