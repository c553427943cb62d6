// Owns the dns prober: one question to one server over UDP, TCP or TLS, and what the module says of the answer.
import { randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import { MalformedMessage } from '../../net/dns/names.ts';
import { classNumber, typeNumber } from '../config/dns-words.ts';
import type { DnsModule } from '../config/modules.ts';
import { askByTcp, askByUdp, type Exchanged } from '../dns/exchange.ts';
import { type Answer, questionBytes } from '../dns/message.ts';
import { areValidRecords, isRcode, isUsable, isValidRcode } from '../dns/validate.ts';
import { type Failure, failureOf, MISTAKE, wordsOf } from '../failure.ts';
import { type Gauge, secondsSince } from '../gauges.ts';
import type { ProbeContext, Prober } from '../probe.ts';
import { type Chosen, chooseAddress, splitHostPort } from '../resolving.ts';

const SOA = 6;
const ANY = 255;
const IN = 1;

interface Families {
  readonly phase: (name: 'resolve' | 'connect' | 'request') => Gauge;
  readonly answer: Gauge;
  readonly authority: Gauge;
  readonly additional: Gauge;
  readonly succeeded: Gauge;
}

export const probeDns: Prober = async (context) => {
  const { target, log } = context;
  const { dns } = context.module;
  const families = register(context);
  const transport = dns.transport_protocol === '' ? 'udp' : dns.transport_protocol;
  if (transport !== 'udp' && transport !== 'tcp') {
    context.fail(MISTAKE);
    log.error('Configuration error: Expected transport protocol udp or tcp', { protocol: transport });
    return false;
  }
  const where = splitHostPort(target) ?? { host: target, port: dns.dns_over_tls ? '853' : '53' };
  const chosen = await chooseAddress(context, where.host, dns);
  if (chosen === null) return false;
  families.phase('resolve').add(chosen.lookupSeconds);
  if (dns.dns_over_tls && transport === 'udp') {
    context.fail(MISTAKE);
    log.error('Configuration error: Expected transport protocol tcp for DoT', { protocol: transport });
    return false;
  }
  if (dns.source_ip_address !== '' && isIP(dns.source_ip_address) === 0) {
    context.fail(MISTAKE);
    log.error('Error parsing source ip address', { srcIP: dns.source_ip_address });
    return false;
  }
  const startMs = performance.now();
  const { answer, phase, rttSeconds } = await ask(context, transport, chosen, where);
  if (context.quirks || rttSeconds > 0) {
    families.phase('connect').set(Math.max(0, secondsSince(startMs) - rttSeconds));
    families.phase('request').set(rttSeconds);
  }
  if (answer instanceof Error) {
    const malformed = { phase, reason: 'dns-malformed', fault: 'target' } as const;
    context.fail(answer instanceof MalformedMessage ? malformed : failureOf(answer, phase));
    log.error('Error while sending a DNS query', { err: answer.message });
    return false;
  }
  return judge(context, families, answer);
};

function register({ gauges }: ProbeContext): Families {
  const phase: Families['phase'] = (name) =>
    gauges.labelled('probe_dns_duration_seconds', 'Duration of DNS request by phase', { phase: name });
  // Its quirk (#984): what did not happen took 0 s. Mended, it is not told.
  for (const name of ['resolve', 'connect', 'request'] as const) phase(name);
  const entries = (section: string): Gauge =>
    gauges.gauge(`probe_dns_${section}_rrs`, `Returns number of entries in the ${section} resource record list`);
  const succeeded = gauges.gauge(
    'probe_dns_query_succeeded',
    'Displays whether or not the query was executed successfully',
  );
  succeeded.set(0);
  return {
    phase,
    answer: entries('answer'),
    authority: entries('authority'),
    additional: entries('additional'),
    succeeded,
  };
}

/** Names of types and classes were looked at when the config was read. */
const typeOf = ({ query_type }: DnsModule): number => (query_type === '' ? ANY : (typeNumber(query_type) ?? ANY));
const classOf = ({ query_class }: DnsModule): number => (query_class === '' ? IN : (classNumber(query_class) ?? IN));

async function ask(
  context: ProbeContext,
  transport: 'udp' | 'tcp',
  { address, family }: Chosen,
  where: { readonly host: string; readonly port: string },
): Promise<Exchanged> {
  const { log, signal } = context;
  const { dns } = context.module;
  const port = Number(where.port);
  if (where.port === '' || !(port >= 0 && port < 65_536))
    return unsent(context, `dial ${transport}${family}: lookup ${transport}/${where.port}: unknown port`);
  const asked = { name: dns.query_name, type: typeOf(dns), class: classOf(dns) };
  log.debug('Making DNS query', {
    ...{ target: address, port, dial_protocol: `${transport}${family}`, query: asked.name },
    ...{ type: asked.type, class: asked.class },
  });
  let question: Buffer;
  try {
    question = questionBytes(randomInt(65_536), asked, dns.recursion_desired);
  } catch (error) {
    return unsent(context, wordsOf(error));
  }
  const localAddress = dns.source_ip_address === '' ? null : dns.source_ip_address;
  const asking = { host: address, family, port, localAddress, question, signal };
  if (transport === 'udp') return await askByUdp(asking);
  const servername = dns.tls_config.server_name === '' ? where.host : dns.tls_config.server_name;
  return await askByTcp({ ...asking, tls: dns.dns_over_tls ? { config: dns.tls_config, servername, context } : null });
}

/** Nothing was sent. */
function unsent({ fail }: ProbeContext, words: string): Exchanged {
  fail(MISTAKE);
  return { answer: new Error(words), phase: 'connect', rttSeconds: 0 };
}

/** What the module demands of an answer is no demand. */
const UNUSABLE: Failure = { ...MISTAKE, phase: 'answer' };

function judge({ module, gauges, log, quirks, fail }: ProbeContext, families: Families, answer: Answer): boolean {
  const { dns } = module;
  log.debug('Got response', { rcode: answer.rcode });
  families.answer.set(answer.answer.length);
  families.authority.set(answer.authority.length);
  families.additional.set(answer.additional.length);
  families.succeeded.set(1);
  if (typeOf(dns) === SOA) {
    const gauge = gauges.gauge('probe_dns_serial', 'Returns the serial number of the zone');
    for (const { serial } of answer.answer) if (serial !== null) gauge.set(serial);
  }
  if (!isValidRcode(answer.rcode, dns.valid_rcodes, log)) {
    fail(dns.valid_rcodes.every(isRcode) ? { phase: 'answer', reason: 'rcode', fault: 'target' } : UNUSABLE);
    return false;
  }
  const sections = [
    ['Answer', answer.answer, dns.validate_answer_rrs],
    ['Authority', answer.authority, dns.validate_authority_rrs],
    ['Additional', answer.additional, dns.validate_additional_rrs],
  ] as const;
  return sections.every(([name, lines, validator]) => {
    log.debug(`Validating ${name} RRs`);
    const valid = areValidRecords({ lines, validator, log, quirks });
    if (!valid) {
      fail(isUsable(validator) ? { phase: 'answer', reason: 'records', fault: 'target' } : UNUSABLE);
      log.error(`${name} RRs validation failed`);
    }
    return valid;
  });
}
