// Owns the defaults that the place of the run gives: the real world, or the embedded one of `probe demo`.
import type { DnsServer } from '../contract/net.ts';
import type { NamedZone } from '../journey/settings.ts';

export interface Surroundings {
  /** Null: the system's. */
  readonly resolvers: readonly DnsServer[] | null;
  /** Null: those of the system. */
  readonly caPem: readonly string[] | null;
  readonly zones: readonly NamedZone[];
  /** Port of a target that names none; null: that of its scheme. */
  readonly defaultPort: number | null;
  /** Looking options by probe id. */
  readonly probeOptions: { readonly [probe: string]: unknown };
  /** Of `refresh:` in the agent's file; absent: what its reader knows. */
  readonly leastRefreshMs?: number;
  /** Findings do not change the exit code unless --fail-on asks for it: a demo that ends in an error scares people off. */
  readonly findingsFail: boolean;
}

export const REAL_WORLD: Surroundings = {
  resolvers: null,
  caPem: null,
  zones: [],
  defaultPort: null,
  probeOptions: {},
  findingsFail: true,
};
