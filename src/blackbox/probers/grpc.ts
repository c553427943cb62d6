// Owns the grpc prober: one Check of grpc.health.v1, in the clear (HTTP/2 by prior knowledge) or over TLS.
import type { Socket } from 'node:net';
import { type Failure, failureOf, MISTAKE, type Phase, wordsOf } from '../failure.ts';
import { secondsSince } from '../gauges.ts';
import { type Called, CODES, callUnary } from '../grpc/call.ts';
import { checkRequest, checkStatus, SERVING, SERVING_STATUSES } from '../grpc/health-messages.ts';
import type { ProbeContext, Prober } from '../probe.ts';
import { chooseAddress, splitHostPort } from '../resolving.ts';
import { preferenceOf, sourceFamily, sourceOf } from '../source.ts';
import { tellTls } from '../tls-state.ts';
import { dial, type Secured, secure } from './connection.ts';

const CHECK = '/grpc.health.v1.Health/Check';

export const probeGrpc: Prober = async (context) => {
  const { gauges, log, module } = context;
  const phase = (name: string) =>
    gauges.labelled('probe_grpc_duration_seconds', 'Duration of gRPC request by phase', { phase: name });
  phase('resolve');
  const secured = gauges.gauge('probe_grpc_ssl', 'Indicates if SSL was used for the connection');
  const code = gauges.gauge('probe_grpc_status_code', 'Response gRPC status code');
  const where = placeOf(context.target, module.grpc.tls);
  if (where === null) {
    context.fail(MISTAKE);
    log.error('Could not parse target URL', { err: `parse ${JSON.stringify(context.target)}: invalid` });
    return false;
  }
  const chosen = await chooseAddress(context, where.host, preferenceOf(module, module.grpc));
  if (chosen === null) return false;
  phase('resolve').add(chosen.lookupSeconds);
  const startMs = performance.now();
  const { called, tls, isOpen } = await check(context, where, chosen.address);
  // Its quirk (#984): a check for which there was no connection took the time of the attempt.
  if (context.quirks || isOpen) phase('check').add(secondsSince(startMs));
  code.set(called.code);
  const status = called.message === null ? null : checkStatus(called.message);
  if (called.message !== null && status === null) code.set(CODES.internal);
  tellStatus(context, status);
  if (status !== null) {
    secured.set(tls === null ? 0 : 1);
    if (tls !== null) tellTls(gauges, tls.state, { chain: false, cipher: false });
  }
  tls?.socket.destroy();
  if (status === SERVING) return true;
  // What a connection failed by was told where it failed.
  context.fail(called.isOurs === true ? { ...MISTAKE, phase: 'request' } : failureIn(called));
  log.error("can't connect grpc server:", { err: status === null ? called.words : nameOf(status), code: called.code });
  return false;
};

function failureIn({ code }: Called): Failure {
  if (code === CODES.deadline) return { phase: 'request', reason: 'wait-timeout', fault: 'target' };
  if (code === CODES.unavailable) return { phase: 'request', reason: 'http-protocol', fault: 'target' };
  return { phase: 'answer', reason: code === CODES.ok ? 'health' : 'status', fault: 'target' };
}

const nameOf = (status: number): string => SERVING_STATUSES[status] ?? String(status);

/** One series a status, 1 for the one that came; all of them 0 when none did. */
function tellStatus({ gauges }: ProbeContext, status: number | null): void {
  const series = (name: string) =>
    gauges.labelled('probe_grpc_healthcheck_response', 'Response HealthCheck response', { serving_status: name });
  for (const name of SERVING_STATUSES) series(name).set(0);
  if (status !== null) series(nameOf(status)).set(1);
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/** `host`, `host:port`, or either behind `http://` or `https://`, which says nothing of TLS: the module does. */
function placeOf(target: string, tls: boolean): Place | null {
  const text = /^https?:\/\//.test(target) ? target : `http://${target}`;
  const [, authority] = /^https?:\/\/(?:[^@/?#]*@)?([^/?#]*)/.exec(text) ?? [];
  if (authority === undefined || authority === '' || /[\s"<>\\^`{|}]/.test(authority)) return null;
  const split = splitHostPort(authority);
  const host = split?.host ?? authority.replace(/^\[(.*)\]$/, '$1');
  const port = split === null || split.port === '' ? (tls ? 443 : 80) : Number(split.port);
  return port >= 0 && port < 65_536 ? { host, port } : null;
}

interface Checked {
  readonly called: Called;
  readonly tls: Secured | null;
  /** There was a connection to ask on. */
  readonly isOpen: boolean;
}

async function check(context: ProbeContext, place: Place, chosen: string): Promise<Checked> {
  const { signal, module, userAgent, log } = context;
  const { grpc } = module;
  let opened: { readonly socket: Socket; readonly tls: Secured | null };
  try {
    opened = await openTo(context, place, chosen);
  } catch (error) {
    const code = signal.aborted ? CODES.deadline : CODES.unavailable;
    return { called: { code, message: null, words: wordsOf(error) }, tls: null, isOpen: false };
  }
  log.debug(grpc.tls ? 'Dialed GRPC with TLS' : 'Dialed GRPC without TLS');
  const { socket, tls } = opened;
  const host = place.host.includes(':') ? `[${place.host}]` : place.host;
  const called = await callUnary({
    ...{ socket, secured: tls !== null, authority: `${host}:${place.port}`, path: CHECK, userAgent, signal },
    ...{ metadata: grpc.metadata, request: checkRequest(grpc.service) },
  });
  return { called, tls, isOpen: true };
}

/** Looked up again, as it is by who dials by name. @throws Error in words */
async function everyOf({ resolve, module, signal, fail }: ProbeContext, host: string): Promise<readonly string[]> {
  try {
    return await resolve(host, sourceFamily(module), signal);
  } catch (error) {
    fail(failureOf(error, 'resolve'));
    throw error;
  }
}

class NotAllowed extends Error {}

/**
 * The exporter dials by name: whatever address connects first, in the system's order, whichever the module prefers. Mended: the
 * preferred one alone. @throws Error in words
 */
async function openTo(
  context: ProbeContext,
  { host, port }: Place,
  chosen: string,
): Promise<{ readonly socket: Socket; readonly tls: Secured | null }> {
  const { allows, signal, quirks, module } = context;
  const { tls, tls_config } = module.grpc;
  const isName = host !== chosen;
  const addresses = quirks && isName ? await everyOf(context, host) : [chosen];
  let phase: Phase = 'connect';
  let failure: unknown = new Error(`lookup ${host}: no such host`);
  for (const address of addresses) {
    try {
      phase = 'connect';
      const refusal = allows(address, host);
      if (refusal !== null) throw new NotAllowed(refusal);
      const socket = await dial({ to: { host: address, port, ...sourceOf(module) }, signal });
      if (!tls) return { socket, tls: null };
      phase = 'tls';
      const servername = tls_config.server_name === '' ? host : tls_config.server_name;
      const secured = await secure(socket, tls_config, servername, context, ['h2']);
      if (secured.socket.alpnProtocol === 'h2') return { socket: secured.socket, tls: secured };
      secured.socket.destroy();
      throw new Error('credentials: cannot check peer: missing selected ALPN property');
    } catch (error) {
      failure = error;
    }
  }
  const denied = { phase, reason: 'not-allowed', fault: 'prober' } as const;
  context.fail(failure instanceof NotAllowed ? denied : failureOf(failure, phase));
  throw failure;
}
