// Owns a connection through a SOCKS 5 proxy (RFC 1928, with the name and password of RFC 1929). Dials nothing, looks no name up, and
// shows no password.

import type { Socket } from 'node:net';
import { bytesOf } from '../../model/address-scope.ts';
import type { Fault } from '../../model/problem.ts';
import { ipAddress } from '../../model/target.ts';
import { ProxyTrouble } from '../failure.ts';
import { Reader } from './connection.ts';

const VERSION = 5;
const CONNECT = 1;
/** Kinds of address: RFC 1928 5. */
const [V4, NAME, V6] = [1, 3, 4];
/** Methods: RFC 1928 3. */
const [OPEN, PASSWORD] = [0, 2];
const PASSWORD_VERSION = 1;
const MOST_BYTES = 255;

/** RFC 1928 6. Whose fault: that the target cannot be reached is the target's, or its network's; a rule is the proxy's. */
const REPLIES: Readonly<Record<number, readonly [words: string, fault: Fault]>> = {
  1: ['general failure', 'network'],
  2: ['its rules do not allow this connection', 'network'],
  3: ['network unreachable', 'target'],
  4: ['host unreachable', 'target'],
  5: ['connection refused', 'target'],
  6: ['TTL expired', 'target'],
  7: ['it does not know CONNECT', 'network'],
  8: ['it does not know this kind of address', 'network'],
};

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/**
 * When it resolves, the socket is a connection to the host: nothing of what the host says has been taken from it.
 * @param host an address, or a name that the proxy looks up. Rejects with ProxyTrouble in words of ours, or as the socket does
 */
export async function socksConnect(
  socket: Socket,
  { host, port }: { readonly host: string; readonly port: number },
  credentials: Credentials | null,
  signal: AbortSignal,
): Promise<void> {
  const to = addressOf(host);
  const proof = credentials === null ? null : proofOf(credentials);
  const reader = new Reader(socket, signal);
  socket.write(Buffer.of(VERSION, proof === null ? 1 : 2, OPEN, ...(proof === null ? [] : [PASSWORD])));
  const [version, method] = await reader.exactly(2);
  if (version !== VERSION) throw new ProxyTrouble('what answers is no SOCKS 5 proxy', 'network');
  if (method === PASSWORD && proof !== null) await proven(socket, reader, proof);
  else if (method !== OPEN)
    throw new ProxyTrouble(`it wants to know who asks${proof === null ? '' : ' otherwise than by password'}`, 'prober');
  socket.write(Buffer.concat([Buffer.of(VERSION, CONNECT, 0), to, Buffer.of(port >> 8, port & 0xff)]));
  await opened(reader);
  if (reader.ahead > 0) throw new ProxyTrouble('bytes came before the target was spoken to', 'network');
  reader.release();
  // Whoever goes on with it finds it as one that was just connected: node:http waits for ever on one that was paused.
  socket.resume();
}

/** RFC 1928 5. */
function addressOf(host: string): Buffer {
  const address = ipAddress(host);
  if (address !== null) {
    const bytes = bytesOf(address);
    return Buffer.of(bytes.length === 4 ? V4 : V6, ...bytes);
  }
  const name = Buffer.from(host);
  if (name.byteLength > MOST_BYTES)
    throw new ProxyTrouble('the name of the target is too long for a SOCKS proxy', 'prober');
  return Buffer.concat([Buffer.of(NAME, name.byteLength), name]);
}

/** RFC 1929 2. */
function proofOf({ name, password }: Credentials): Buffer {
  const [one, two] = [Buffer.from(name), Buffer.from(password)];
  if (one.byteLength === 0 || one.byteLength > MOST_BYTES || two.byteLength > MOST_BYTES)
    throw new ProxyTrouble('name and password for a SOCKS proxy have 1 to 255 bytes', 'prober');
  return Buffer.concat([Buffer.of(PASSWORD_VERSION, one.byteLength), one, Buffer.of(two.byteLength), two]);
}

async function proven(socket: Socket, reader: Reader, proof: Buffer): Promise<void> {
  socket.write(proof);
  const [, status] = await reader.exactly(2);
  if (status !== 0) throw new ProxyTrouble('it refuses the name and the password', 'prober');
}

/** The address that the proxy is bound to is of no use to us, and must be read to its end. */
async function opened(reader: Reader): Promise<void> {
  const [version, reply = 1, , kind] = await reader.exactly(4);
  if (version !== VERSION) throw new ProxyTrouble('what answers is no SOCKS 5 proxy', 'network');
  if (reply !== 0) {
    const [words, fault] = REPLIES[reply] ?? [`reply ${reply}`, 'network'];
    throw new ProxyTrouble(words, fault);
  }
  const length = kind === V4 ? 4 : kind === V6 ? 16 : kind === NAME ? (await reader.exactly(1))[0] : undefined;
  if (length === undefined) throw new ProxyTrouble('what answers is no SOCKS 5 proxy', 'network');
  await reader.exactly(length + 2);
}
