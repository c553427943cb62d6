// Owns the way from bytes to TLS records to handshake messages, in the clear. Bounded in bytes, records and alerts; reads no message.
import { MalformedFlight } from './octets.ts';

/** A record's content: 2^14 bytes and what protection may add (RFC 5246 6.2.3). */
const MAX_RECORD = 16_384 + 2_048;
/** Of one answer. Certificates with thousands of names are within. */
export const MAX_FLIGHT_BYTES = 262_144;
/** A byte a record is allowed, but not for ever. */
export const MAX_RECORDS = 4_096;
/** Warnings before an answer. */
const MAX_WARNINGS = 8;

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const FATAL = 2;
const CLOSE_NOTIFY = 0;

export type Heard =
  | { readonly kind: 'message'; readonly type: number; readonly body: Buffer }
  | { readonly kind: 'alert'; readonly description: number }
  /** From here on everything is encrypted. */
  | { readonly kind: 'encrypted' };

export interface RecordReader {
  /** Takes what came, calls `hear` for each message, alert, or end of the clear; `hear` says false to end the reading. @throws MalformedFlight */
  push(bytes: Buffer): void;
  /** True when a message, or a record, has begun and not ended. */
  isInside(): boolean;
}

/** Bytes that wait for the rest: appended without copying all of them each time. */
interface Queue {
  append(bytes: Buffer): void;
  bytes(): Buffer;
  drop(count: number): void;
}

function queue(): Queue {
  let store = Buffer.alloc(4_096);
  let from = 0;
  let to = 0;
  return {
    append(bytes) {
      if (to + bytes.length > store.length) {
        const grown = Buffer.alloc(Math.max(store.length * 2, to - from + bytes.length));
        store.copy(grown, 0, from, to);
        store = grown;
        to -= from;
        from = 0;
      }
      to += bytes.copy(store, to);
    },
    bytes: () => store.subarray(from, to),
    drop(count) {
      from += count;
    },
  };
}

export function recordReader(hear: (heard: Heard) => boolean): RecordReader {
  const wire = queue();
  const messages = queue();
  let seen = 0;
  let records = 0;
  let warnings = 0;
  let ended = false;
  const tell = (heard: Heard): void => {
    if (!ended && !hear(heard)) ended = true;
  };
  const takeMessages = (): void => {
    for (;;) {
      const held = messages.bytes();
      const length = ended || held.length < 4 ? null : held.readUIntBE(1, 3);
      if (length === null) return;
      if (length > MAX_FLIGHT_BYTES) throw new MalformedFlight('a handshake message is too long');
      if (held.length < 4 + length) return;
      // A copy: the queue moves on.
      tell({ kind: 'message', type: held[0] ?? 0, body: Buffer.from(held.subarray(4, 4 + length)) });
      messages.drop(4 + length);
    }
  };
  const takeAlert = (content: Buffer): void => {
    const [level = 0, description = 0] = content;
    if (content.length !== 2) throw new MalformedFlight('an alert is not of two bytes');
    if (level === FATAL || description === CLOSE_NOTIFY) tell({ kind: 'alert', description });
    else if (++warnings > MAX_WARNINGS) throw new MalformedFlight('warnings without end');
  };
  const takeRecord = (type: number, content: Buffer): void => {
    if (++records > MAX_RECORDS) throw new MalformedFlight('records without end');
    switch (type) {
      case HANDSHAKE:
        messages.append(content);
        takeMessages();
        return;
      case ALERT:
        takeAlert(content);
        return;
      default:
        tell({ kind: 'encrypted' });
    }
  };
  return {
    push(bytes) {
      if (ended) return;
      seen += bytes.length;
      if (seen > MAX_FLIGHT_BYTES) throw new MalformedFlight('an answer without end');
      wire.append(bytes);
      for (;;) {
        const held = wire.bytes();
        const length = ended ? null : recordLength(held, records === 0);
        if (length === null || held.length < 5 + length) return;
        takeRecord(held[0] ?? 0, held.subarray(5, 5 + length));
        wire.drop(5 + length);
      }
    },
    isInside: () => wire.bytes().length > 0 || messages.bytes().length > 0,
  };
}

/** Null until the head is there. @throws MalformedFlight for what is no TLS record */
function recordLength(held: Buffer, isFirst: boolean): number | null {
  const [type = HANDSHAKE, major = 3] = held;
  if (type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA || major !== 3)
    throw new MalformedFlight('what came is no TLS record', isFirst);
  if (held.length < 5) return null;
  const length = held.readUInt16BE(3);
  if (length > MAX_RECORD) throw new MalformedFlight('a record is too long', isFirst);
  return length;
}
