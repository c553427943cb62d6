// Owns the defaults of options and policy, as plain values: a ride that changes none of them needs no schema, and loads no library for it.

export const options = { steps: [], assert: [], repeat: 1, every: '1s' };
export const policy = {};
