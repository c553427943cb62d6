// Owns why a probe failed, in words that fit a label: where on its way, why, and whose fault it is (#1077, #1528). First said, kept.
import type { Fault, Problem, ProblemCode } from '../model/problem.ts';
import { errorCodes, problemOf } from '../net/sample/failure.ts';
import { StepFailure } from '../net/sample/step.ts';
import { BadProxy } from './proxy-choice.ts';

/** Where on its way a probe was. `answer`: all came, and was not what the module demands. */
export type Phase = 'resolve' | 'connect' | 'tls' | 'request' | 'answer';

/** What else can be wrong than the problems of a connection. */
export type Demand =
  | 'no-address'
  | 'not-allowed'
  | 'proxy'
  | 'token'
  | 'certificate'
  | 'config'
  | 'status'
  | 'header'
  | 'body'
  | 'json'
  | 'http-version'
  | 'over-tls'
  | 'not-over-tls'
  | 'dialogue'
  | 'rcode'
  | 'records'
  | 'health'
  | 'unexpected';

export interface Failure {
  readonly phase: Phase;
  readonly reason: ProblemCode | Demand;
  readonly fault: Fault;
}

/** The module or the target cannot be probed as they are written: nobody's fault but ours. */
export const MISTAKE: Failure = { phase: 'connect', reason: 'config', fault: 'prober' };

/** A certificate that is not trusted, or not for this name. */
export class Distrust extends Error {}

/** An address that this program must not go to. */
export class NotAllowed extends Error {}

/** A proxy that could not be reached, or that would not. */
export class ProxyTrouble extends Error {
  readonly fault: Fault;

  constructor(words: string, fault: Fault) {
    super(words);
    this.fault = fault;
  }
}

/** What this side wrote cannot be. */
export class Mistake extends Error {}

/** What is known where it is thrown: no code of a system call tells it. */
export class Known extends Error {
  readonly reason: Failure['reason'];
  readonly fault: Fault;

  constructor(words: string, reason: Failure['reason'], fault: Fault = 'target') {
    super(words);
    this.reason = reason;
    this.fault = fault;
  }
}

/** A name without an address. */
export class Unresolved extends Error {
  /** Null: it just has none. */
  readonly problem: Problem | null;

  constructor(words: string, problem: Problem | null) {
    super(words);
    this.problem = problem;
  }
}

/** A step that took too long. */
export class Late extends Error {
  constructor() {
    super('i/o timeout');
  }
}

const STEPS = { resolve: 'resolve', connect: 'connect', tls: 'tls', request: 'wait', answer: 'receive' } as const;
const LATE = {
  resolve: 'dns-timeout',
  connect: 'connect-timeout',
  tls: 'tls-timeout',
  request: 'wait-timeout',
  answer: 'receive-timeout',
} as const;

/** @param error as a socket, OpenSSL, undici or a step of ours threw it */
export function failureOf(error: unknown, phase: Phase): Failure {
  if (error instanceof Distrust) return { phase, reason: 'certificate', fault: 'target' };
  if (error instanceof NotAllowed) return { phase: 'connect', reason: 'not-allowed', fault: 'prober' };
  if (error instanceof Unresolved) return unresolved(error.problem);
  if (error instanceof ProxyTrouble) return { phase: 'connect', reason: 'proxy', fault: error.fault };
  if (error instanceof BadProxy) return MISTAKE;
  if (error instanceof Known) return { phase, reason: error.reason, fault: error.fault };
  if (error instanceof Mistake) return { phase, reason: 'config', fault: 'prober' };
  if (error instanceof StepFailure) {
    const { code, fault } = error.problem;
    // The exchange knows its end only as a stop from outside: the probe's time was over.
    return code === 'cancelled' ? { phase, reason: LATE[phase], fault: 'target' } : { phase, reason: code, fault };
  }
  if (error instanceof Late)
    return {
      phase,
      reason: LATE[phase],
      fault: phase === 'resolve' ? 'resolver' : phase === 'connect' ? 'network' : 'target',
    };
  // Looking up fails in words alone, but for what this machine lacks.
  if (phase === 'resolve' && errorCodes(error).length === 0) return unresolved(null);
  // A socket of this machine that is not there is a port that nobody listens on.
  if (phase === 'connect' && errorCodes(error)[0] === 'ENOENT') return { phase, reason: 'refused', fault: 'target' };
  const { code, fault } = problemOf(error, STEPS[phase], familyOf(error));
  return { phase, reason: code, fault };
}

function unresolved(problem: Problem | null): Failure {
  if (problem === null) return { phase: 'resolve', reason: 'no-address', fault: 'target' };
  const { code, fault } = problem;
  // The client knows the end of the probe's time only as a stop from outside.
  if (code === 'cancelled') return { phase: 'resolve', reason: 'dns-timeout', fault: 'resolver' };
  return { phase: 'resolve', reason: code, fault };
}

/** Of the address that a system call failed for. */
function familyOf(error: unknown): 4 | 6 {
  const address = typeof error === 'object' && error !== null && 'address' in error ? error.address : null;
  return typeof address === 'string' && address.includes(':') ? 6 : 4;
}

/** What was thrown, in its own words. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
