// Owns the defaults of options and policy, as plain values: a ride that changes none of them needs no schema, and loads no library for it.

export const options = { reuse: true, reverseNames: true, intrusive: false, everyMs: 100 };
export const policy = { slowRatio: 3, slowDifferenceMs: 20, slowSamples: 6, lostShare: 0.02, compareAnswers: 3 };
