// Owns the defaults of options and policy, as plain values: a ride that changes none of them needs no schema, and loads no library for it.

export const options = {
  authorityPort: 53,
  maxServers: 8,
  policyQueries: 20,
  mailRecords: false,
  axfr: false,
  conformance: 'few' as 'none' | 'few' | 'whole',
  trustAnchor: null,
  rootHints: null,
};
export const policy = {
  shiftWarnSeconds: 60,
  negativeNoticeSeconds: 900,
  providerMoveNoticeSeconds: 172_800,
  nameServerSlowMs: 200,
  slowServersShare: 0.5,
};
