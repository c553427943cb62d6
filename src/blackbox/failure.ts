// Owns why a probe failed, in words that fit a label: where on its way, why, and whose fault it is (#1077, #1528). First said, kept.
import type { Fault, ProblemCode } from '../model/problem.ts';
import { problemOf } from '../net/sample/failure.ts';
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
  if (error instanceof ProxyTrouble) return { phase: 'connect', reason: 'proxy', fault: error.fault };
  if (error instanceof BadProxy) return { phase: 'connect', reason: 'config', fault: 'prober' };
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
  const { code, fault } = problemOf(error, STEPS[phase]);
  return { phase, reason: code, fault };
}

/** What was thrown, in its own words. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
