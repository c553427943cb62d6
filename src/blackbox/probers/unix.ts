// Owns the unix prober: the dialogue over a socket of this machine.
import { failureOf, Mistake, type Phase, wordsOf } from '../failure.ts';
import type { Prober } from '../probe.ts';
import { dial, secure } from './connection.ts';
import { converse } from './query-response.ts';

const MOST_PATH = 107;

export const probeUnix: Prober = async (context) => {
  const { module, target, log, signal } = context;
  const { tls, tls_config, query_response } = module.unix;
  let phase: Phase = 'connect';
  try {
    // sockaddr_un, unix(7): 108 bytes with the one that ends it.
    if (Buffer.byteLength(target) > MOST_PATH) throw new Mistake(`dial unix ${target}: the path is too long`);
    const socket = await dial({ to: { path: target }, signal });
    phase = 'tls';
    const opened = tls ? await secure(socket, tls_config, tls_config.server_name, context) : { socket, state: null };
    log.debug('Successfully dialed');
    return await converse(context, { steps: query_response, tls: tls_config, servername: '' }, opened);
  } catch (error) {
    context.fail(failureOf(error, phase));
    log.error('Error dialing Unix socket', { err: wordsOf(error) });
    return false;
  }
};
