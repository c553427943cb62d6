// Owns what the command line says of the balancer probe's looking, in the probe's own options.

export interface BalancerWords {
  readonly reuse: boolean;
  /** False for --no-reverse-names. */
  readonly reverseNames: boolean;
  readonly intrusive?: true;
}

/** What is asked of an endpoint beyond the ride keeps its pace. Only what is not the probe's own default. */
export function balancerOptionsOf({ reuse, reverseNames, intrusive }: BalancerWords, rate: number) {
  const everyMs = Math.ceil(1000 / rate);
  return {
    ...(reuse ? {} : { reuse }),
    ...(reverseNames ? {} : { reverseNames }),
    ...(intrusive === true ? { intrusive } : {}),
    ...(everyMs === 100 ? {} : { everyMs: Math.min(60_000, everyMs) }),
  };
}
