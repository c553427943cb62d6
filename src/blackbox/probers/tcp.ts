// Owns the tcp prober: one connection to one address, TLS at once where asked, then the dialogue.
import { isIP, type Socket } from 'node:net';
import type { TcpModule } from '../config/modules.ts';
import { failureOf, MISTAKE, Mistake, type Phase, wordsOf } from '../failure.ts';
import type { ProbeContext, Prober } from '../probe.ts';
import { chooseAddress, splitHostPort } from '../resolving.ts';
import { dial, dialSecure, type Secured } from './connection.ts';
import { converse } from './query-response.ts';

export const probeTcp: Prober = async (context) => {
  const { module, target, log } = context;
  const where = splitHostPort(target);
  if (where === null) {
    context.fail(MISTAKE);
    log.error('Error splitting target address and port', { err: `address ${target}: missing port in address` });
    return false;
  }
  const chosen = await chooseAddress(context, where.host, module.tcp);
  if (chosen === null) return false;
  const source = module.tcp.source_ip_address;
  if (source !== '' && isIP(source) === 0) {
    context.fail(MISTAKE);
    log.error('Error parsing source ip address', { srcIP: source });
    return false;
  }
  const to = { host: chosen.address, port: Number(where.port), ...(source === '' ? {} : { localAddress: source }) };
  const opened = await openTo(context, module.tcp, to, where.host);
  if (opened === null) return false;
  log.debug('Successfully dialed');
  const servername = nameFor(context, module.tcp, where.host);
  return converse(context, { steps: module.tcp.query_response, tls: module.tcp.tls_config, servername }, opened);
};

/** The config's name, else that of the URL parameter, else the target's own. */
function nameFor({ hostname }: ProbeContext, { tls_config }: TcpModule, host: string): string {
  return tls_config.server_name !== '' ? tls_config.server_name : (hostname ?? host);
}

async function openTo(
  context: ProbeContext,
  tcp: TcpModule,
  to: { readonly host: string; readonly port: number; readonly localAddress?: string },
  host: string,
): Promise<Secured | { readonly socket: Socket; readonly state: null } | null> {
  const { log, signal } = context;
  let phase: Phase = 'connect';
  try {
    if (!(to.port >= 0 && to.port < 65_536)) throw new Mistake(`dial tcp: address ${to.port}: invalid port`);
    log.debug(tcp.tls ? 'Dialing TCP with TLS' : 'Dialing TCP without TLS');
    if (!tcp.tls) return { socket: await dial({ to, signal }), state: null };
    const securing = { config: tcp.tls_config, servername: nameFor(context, tcp, host), context };
    return await dialSecure({ to, signal }, securing, () => {
      phase = 'tls';
    });
  } catch (error) {
    context.fail(failureOf(error, phase));
    log.error('Error dialing TCP', { err: wordsOf(error) });
    return null;
  }
}
