// Owns the defaults of options and policy, as plain values: a ride that changes none of them needs no schema, and loads no library for it.

export const options = { survey: true, handshakes: true, revocation: false };
export const policy = { warnDays: 30, criticalDays: 7, ignoreTrust: false };
