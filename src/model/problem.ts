// Owns what can go wrong in the world and whose fault it is. What the caller did wrong is a UsageError instead.
import type { WireText } from './text.ts';

/** Whose fault: the service, the network between, the DNS resolver, or the machine and program that probes. */
export const faults = ['target', 'network', 'resolver', 'prober'] as const;
export type Fault = (typeof faults)[number];

/** Every problem code, whose fault it is unless the step says otherwise, and what it means in words. */
export const problemCatalogue = {
  refused: { fault: 'target', says: 'connection refused' },
  reset: { fault: 'target', says: 'connection reset' },
  closed: { fault: 'target', says: 'connection closed before an answer' },
  'connect-timeout': { fault: 'network', says: 'no answer to the connection attempt in time' },
  'tls-timeout': { fault: 'target', says: 'TLS handshake not finished in time' },
  'wait-timeout': { fault: 'target', says: 'no response in time' },
  'receive-timeout': { fault: 'target', says: 'response not finished in time' },
  unreachable: { fault: 'network', says: 'network or host unreachable' },
  'tls-alert': { fault: 'target', says: 'TLS refused by the server' },
  'not-tls': { fault: 'target', says: 'the server does not speak TLS on this port' },
  'tls-protocol': { fault: 'target', says: 'TLS handshake broken' },
  'starttls-refused': { fault: 'target', says: 'the server does not turn to TLS on this port (STARTTLS)' },
  'starttls-malformed': {
    fault: 'target',
    says: 'the server does not speak the protocol that was expected before TLS',
  },
  'http-protocol': { fault: 'target', says: 'the answer is not valid HTTP' },
  'headers-too-large': { fault: 'target', says: 'response headers larger than the limit' },
  'body-too-large': { fault: 'target', says: 'response body larger than the limit' },
  nxdomain: { fault: 'target', says: 'the name does not exist' },
  nodata: { fault: 'target', says: 'the name exists but has no address' },
  servfail: { fault: 'resolver', says: 'the resolver could not answer (SERVFAIL)' },
  'dns-refused': { fault: 'resolver', says: 'the server refused the query' },
  'dns-error': { fault: 'resolver', says: 'the server answered with an error code' },
  'dns-timeout': { fault: 'resolver', says: 'no DNS answer in time' },
  'dns-unreachable': { fault: 'resolver', says: 'the DNS server cannot be reached' },
  'dns-malformed': { fault: 'resolver', says: 'the DNS answer cannot be read' },
  'dns-alias-loop': { fault: 'target', says: 'the alias chain loops or is too long' },
  'no-descriptors': { fault: 'prober', says: 'this machine is out of file descriptors or ports' },
  'no-ipv6': { fault: 'prober', says: 'this machine has no IPv6' },
  'no-route': { fault: 'prober', says: 'this machine has no route or address for that family' },
  denied: { fault: 'prober', says: 'this machine does not permit the connection' },
  withheld: {
    fault: 'prober',
    says: 'not sent: the server could not be verified, and the request carries headers or a body of the caller',
  },
  'out-of-reach': {
    fault: 'prober',
    says: 'not sent: an answer led to an address inside a site, or of this link, where it has no business',
  },
  'no-credentials': { fault: 'prober', says: 'not sent: the credentials that it was to carry could not be had' },
  cancelled: { fault: 'prober', says: 'stopped before it finished' },
  internal: { fault: 'prober', says: 'a fault of this program' },
} as const satisfies Record<string, { readonly fault: Fault; readonly says: string }>;

export type ProblemCode = keyof typeof problemCatalogue;
export const problemCodes = Object.keys(problemCatalogue) as [ProblemCode, ...ProblemCode[]];

/** Where on its way the request was. */
export const steps = ['resolve', 'connect', 'tls', 'send', 'wait', 'receive', 'gather'] as const;
export type Step = (typeof steps)[number];

export interface Problem {
  readonly code: ProblemCode;
  readonly fault: Fault;
  readonly step: Step;
  /** The other side's or the system's own words, if any. */
  readonly detail: WireText | null;
}

/** A problem with the catalogue's fault. */
export function problem(code: ProblemCode, step: Step, detail: Problem['detail'] = null): Problem {
  return { code, fault: problemCatalogue[code].fault, step, detail };
}

/** How an attempt at looking ended. `skipped` was never tried; `unfinished` was cut off by the deadline or the user. */
export type Attempt<T> =
  | { readonly state: 'skipped'; readonly because: string }
  | { readonly state: 'failed'; readonly problem: Problem; readonly elapsedMs: number }
  | { readonly state: 'unfinished'; readonly value: T | null; readonly elapsedMs: number }
  | { readonly state: 'complete'; readonly value: T; readonly elapsedMs: number };
