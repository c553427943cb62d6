// Owns the defaults of options and policy, as plain values: a ride that changes none of them needs no schema, and loads no library for it.

export const options = { infer: false, burstEveryMs: 400 };
export const policy = { criticalShare: 0.5, slowRatio: 2, slowDifferenceMs: 20 };
