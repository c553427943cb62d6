// Owns the defaults of options and policy, as plain values: a ride that changes none of them needs no schema, and loads no library for it.

export const options = {
  preflight: true,
  tryTrace: false,
  findLimit: null,
  findLimitOpen: null,
  health: null,
  dependsOn: [],
};
export const policy = { remainingShare: 0.1 };
