// Owns the defaults of options and policy, as plain values: a ride that changes none of them needs no schema, and loads no library for it.

export const options = {
  trace: true,
  method: 'tcp' as 'tcp' | 'udp',
  flows: 2,
  rounds: 3,
  targetRounds: 1,
  maxTtl: 30,
  silentStop: 5,
  giveUpMs: 900,
  maxEndpoints: 8,
  mtr: false,
  fullSize: true,
  names: 'public' as 'public' | 'all' | 'none',
};
export const policy = { lossShare: 0.01, jumpMs: 100, flowsMs: 20 };
