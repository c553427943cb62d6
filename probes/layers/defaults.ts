// Owns the defaults of options and policy, as plain values: a ride that changes none of them needs no schema, and loads no library for it.

export const options = { poll: true };
export const policy = { claimToleranceMs: 5, slowAfterFailureMs: 20 };
