// Owns a dialogue on a connection: what is awaited, what is sent back, when TLS begins. Shared by the tcp and unix probers.
import type { Socket } from 'node:net';
import type { TlsConfig } from '../config/client.ts';
import type { QueryResponse } from '../config/modules.ts';
import { type Failure, failureOf, wordsOf } from '../failure.ts';
import type { Gauge } from '../gauges.ts';
import { expand, type GoMatch } from '../go/regexp.ts';
import type { ProbeContext } from '../probe.ts';
import { tellTls } from '../tls-state.ts';
import { Reader, type Secured, secure } from './connection.ts';

/** Something else was said than the module awaits. */
const UNMET: Failure = { phase: 'answer', reason: 'dialogue', fault: 'target' };

export interface Dialogue {
  readonly steps: readonly QueryResponse[];
  readonly tls: TlsConfig;
  /** For STARTTLS, where the config names none. Empty: none is sent. */
  readonly servername: string;
}

interface Talk {
  readonly context: ProbeContext;
  readonly dialogue: Dialogue;
  readonly dueToRegex: Gauge;
  readonly dueToBytes: Gauge;
  socket: Socket;
  reader: Reader;
}

/** @returns whether every step went as written; the log says where not */
export async function converse(
  context: ProbeContext,
  dialogue: Dialogue,
  opened: Secured | { readonly socket: Socket; readonly state: null },
): Promise<boolean> {
  const { gauges, log } = context;
  const dueToRegex = gauges.gauge('probe_failed_due_to_regex', 'Indicates if probe failed due to regex');
  const dueToBytes = gauges.gauge('probe_failed_due_to_bytes', 'Indicates if probe failed due to bytes');
  for (const flag of [dueToRegex, dueToBytes]) flag.set(0);
  if (opened.state !== null) tellTls(gauges, opened.state, { chain: true, cipher: false });
  const { socket } = opened;
  const talk: Talk = { context, dialogue, dueToRegex, dueToBytes, socket, reader: new Reader(socket, context.signal) };
  try {
    for (const [number, step] of dialogue.steps.entries()) {
      log.debug('Processing query response entry', { entry_number: number });
      if (!(await goThrough(talk, step))) return false;
    }
    return true;
  } catch (error) {
    context.fail(failureOf(error, 'answer'));
    log.error('Error reading from connection', { err: wordsOf(error) });
    return false;
  } finally {
    talk.socket.destroy();
  }
}

async function goThrough(talk: Talk, step: QueryResponse): Promise<boolean> {
  const { log } = talk.context;
  let { send } = step;
  if (step.expect !== null) {
    const found = await awaitLine(talk, step);
    if (found === null) return false;
    send = Buffer.from(expand(send.toString('latin1'), found), 'latin1');
    if (step.labels.length > 0) tellExpected(talk, step, found);
  }
  if (step.expect_bytes.byteLength > 0 && !(await awaitBytes(talk, step.expect_bytes))) return false;
  if (send.byteLength > 0) {
    log.debug('Sending line', { line: send.toString('utf8') });
    talk.socket.write(Buffer.concat([send, Buffer.from('\n')]));
  }
  return step.starttls ? await startTls(talk) : true;
}

/** Lines are read until one fits. Groups are bytes, kept one to a character, so that what is sent back is what came. */
async function awaitLine({ context, reader, dueToRegex }: Talk, { expect }: QueryResponse): Promise<GoMatch | null> {
  const { log } = context;
  let last = '';
  for (let line = await reader.line(); line !== null; line = await reader.line()) {
    last = line.toString('utf8');
    log.debug('Read line', { line: last });
    const match = expect?.match(line) ?? null;
    if (match === null) continue;
    log.debug('Regexp matched', { regexp: expect?.source ?? '', line: last });
    dueToRegex.set(0);
    return { group: (name) => bytesAsText(match.group(name)) };
  }
  dueToRegex.set(1);
  context.fail(UNMET);
  log.error('Regexp did not match', { regexp: expect?.source ?? '', line: last });
  return null;
}

const bytesAsText = (text: string | null): string | null =>
  text === null ? null : Buffer.from(text, 'utf8').toString('latin1');

function tellExpected({ context }: Talk, { labels }: QueryResponse, match: GoMatch): void {
  const values = labels.map(({ name, value }) => [
    name,
    Buffer.from(expand(Buffer.from(value, 'utf8').toString('latin1'), match), 'latin1').toString('utf8'),
  ]);
  context.gauges.labelled('probe_expect_info', 'Explicit content matched', Object.fromEntries(values)).set(1);
}

async function awaitBytes({ context, reader, dueToBytes }: Talk, expected: Buffer): Promise<boolean> {
  const { log } = context;
  const bytes = await reader.bytes(expected.byteLength);
  const shown = { expected: expected.toString('hex'), bytes: bytes.toString('hex') };
  if (bytes.byteLength < expected.byteLength) {
    context.fail(UNMET);
    log.error('Read less data than expected', shown);
    return false;
  }
  const same = bytes.equals(expected);
  dueToBytes.set(same ? 0 : 1);
  if (same) log.debug('Bytes matched', shown);
  else {
    context.fail(UNMET);
    log.error('Bytes did not match', shown);
  }
  return same;
}

async function startTls(talk: Talk): Promise<boolean> {
  const { context, dialogue } = talk;
  talk.reader.release();
  const servername = dialogue.tls.server_name === '' ? dialogue.servername : dialogue.tls.server_name;
  try {
    const secured = await secure(talk.socket, dialogue.tls, servername, context);
    context.log.debug('TLS Handshake (client) succeeded.');
    talk.socket = secured.socket;
    talk.reader = new Reader(secured.socket, context.signal);
    tellTls(context.gauges, secured.state, { chain: true, cipher: false });
    return true;
  } catch (error) {
    context.fail(failureOf(error, 'tls'));
    context.log.error('TLS Handshake (client) failed', { err: wordsOf(error) });
    return false;
  }
}
