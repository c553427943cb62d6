// Owns the icmp prober: one echo request to one address, and its reply within the timeout.
import { randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import { echo, MOST_PAYLOAD_BYTES } from '../../net/icmp/echo.ts';
import { failureOf, MISTAKE } from '../failure.ts';
import { type Gauge, secondsSince } from '../gauges.ts';
import type { ProbeContext, Prober } from '../probe.ts';
import { chooseAddress } from '../resolving.ts';

/** What the exporter sends, cut or filled up with zeros to the size that is asked for. */
const TEXT = Buffer.from('Prometheus Blackbox Exporter');

/** Begins anywhere, so that two processes started together are not in step. */
let sequence = randomInt(65_536);

export const probeIcmp: Prober = async (context) => {
  const { gauges, log, target } = context;
  const { icmp } = context.module;
  const phase = (name: string): Gauge =>
    gauges.labelled('probe_icmp_duration_seconds', 'Duration of icmp request by phase', { phase: name });
  // Its quirk (#984): what did not happen, such as the way there and back of a packet that was lost, took 0 s. Mended, it is not told.
  for (const name of ['resolve', 'setup', 'rtt']) phase(name);
  const chosen = await chooseAddress(context, target, icmp);
  if (chosen === null) return false;
  phase('resolve').add(chosen.lookupSeconds);
  const source = icmp.source_ip_address;
  if (source !== '' && isIP(source) === 0) {
    context.fail(MISTAKE);
    log.error('Error parsing source ip address', { srcIP: source });
    return false;
  }
  const size = icmp.payload_size === 0 ? TEXT.length : icmp.payload_size;
  if (size < 0 || size > MOST_PAYLOAD_BYTES) {
    context.fail(MISTAKE);
    log.error('Error writing to socket', { err: `a payload of ${size} bytes does not fit into a packet` });
    return false;
  }
  return exchanged(context, chosen.address, size, phase);
};

async function exchanged(
  { module, gauges, log, signal, deadlineMs, fail }: ProbeContext,
  address: string,
  size: number,
  phase: (name: string) => Gauge,
): Promise<boolean> {
  const { source_ip_address: source, ttl, dont_fragment: dontFragment } = module.icmp;
  sequence = (sequence + 1) & 0xffff;
  const payload = Buffer.alloc(size);
  TEXT.copy(payload);
  const setupMs = performance.now();
  log.debug('Creating socket');
  const outcome = await echo({
    ...{ address, source: source === '' ? null : source, sequence, id: randomInt(65_536), payload, ttl, dontFragment },
    ...{ timeoutMs: Math.max(0, deadlineMs - performance.now()), signal },
    onReady() {
      phase('setup').add(secondsSince(setupMs));
      log.debug('Writing out packet', { seq: sequence, bytes: payload.length });
    },
  });
  if (outcome.state === 'silent') {
    // Who did not answer is not known: the address, or the way there or back.
    fail({ phase: 'request', reason: 'wait-timeout', fault: 'network' });
    log.error('Timeout reading from socket', { err: 'i/o timeout' });
    return false;
  }
  if (outcome.state === 'failed') {
    const words = { open: 'listening to', send: 'writing to', receive: 'reading from' };
    fail(
      failureOf(
        Object.assign(new Error(outcome.because), { code: outcome.code }),
        outcome.at === 'open' ? 'connect' : 'request',
      ),
    );
    log.error(`Error ${words[outcome.at]} socket`, { err: outcome.because });
    return false;
  }
  phase('rtt').add(outcome.rttMs / 1000);
  if (outcome.hopLimit !== null)
    gauges.gauge('probe_icmp_reply_hop_limit', 'Replied packet hop limit (TTL for ipv4)').set(outcome.hopLimit);
  log.debug('Found matching reply packet');
  return true;
}
