// Owns reading answers in HTTP/1 (RFC 9112) byte by byte as they come, whatever they are. Bounded in head and body; never throws.
import type { HeardAnswer } from '../../contract/conversation.ts';
import { wireText } from '../../model/text.ts';
import { openFieldStore } from '../sample/fields.ts';
import { type BodyFraming, bodyFraming } from './body-framing.ts';

const HEAD_BYTES = 16_384;
const MAX_FIELDS = 128;
const KEPT_BYTES = 512;
const REASON_LENGTH = 128;
/** Informational answers (RFC 9110 15.2) before the answer. */
const MAX_INFORMATIONAL = 4;
const STATUS_LINE = /^(HTTP\/\d{1,3}\.\d{1,3}) (\d{3})(?: (.*))?$/;
const VERSION_LENGTH = 16;

export type ReadAnswer = Omit<HeardAnswer, 'waitMs'>;

/** `whole`: read to its end as it was framed. `cut`: too large, or without an end that could be told. */
export type Reading = 'more' | 'whole' | 'cut';

interface Head {
  readonly version: string | null;
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly string[];
}

const NO_HEAD: Head = { version: null, status: 0, reason: '', fields: [] };

/** Reads one answer. */
export class AnswerReader {
  readonly #bodyBytes: number;
  readonly #hasBody: boolean;
  #pending: Buffer = Buffer.alloc(0);
  #searched = 0;
  #head: Head | null = null;
  #informational = 0;
  #framing: BodyFraming | null = null;
  #start: Buffer = Buffer.alloc(0);
  #bytes = 0;
  #state: Reading = 'more';

  /** `hasBody`: false for the answer to HEAD. */
  constructor(bodyBytes: number, hasBody: boolean) {
    this.#bodyBytes = bodyBytes;
    this.#hasBody = hasBody;
  }

  get state(): Reading {
    return this.#state;
  }

  /** True when anything of the answer has come. */
  get begun(): boolean {
    return this.#head !== null || this.#pending.byteLength > 0;
  }

  /** True when another message may follow on the connection (RFC 9112 9.3). */
  get keepsConnection(): boolean {
    if (this.#state !== 'whole' || this.#head === null || this.#framing?.endsWithConnection === true) return false;
    const words = valuesOf(this.#head.fields, 'connection').flatMap((value) => value.toLowerCase().split(','));
    const says = (word: string): boolean => words.some((one) => one.trim() === word);
    return this.#head.version === 'HTTP/1.1' ? !says('close') : says('keep-alive');
  }

  push(chunk: Buffer): void {
    if (this.#state !== 'more') return;
    if (this.#head !== null) {
      this.#body(chunk);
      return;
    }
    this.#pending = Buffer.concat([this.#pending, chunk]);
    this.#readHead();
  }

  /** The connection has ended: so has an answer without any other end. */
  end(): void {
    if (this.#state !== 'more') return;
    if (this.#head === null && this.#pending.byteLength > 0) this.#withoutHead();
    if (this.#framing?.endsWithConnection === true) this.#state = 'whole';
  }

  /** What has come until now; null when nothing has. */
  read(): ReadAnswer | null {
    if (!this.begun) return null;
    const { version, status, reason, fields } = this.#head ?? NO_HEAD;
    const start = this.#head === null ? this.#pending.subarray(0, KEPT_BYTES) : this.#start;
    return {
      version: version === null ? null : wireText(version, VERSION_LENGTH),
      ...{ status, reason: wireText(reason, REASON_LENGTH) },
      headers: openFieldStore().open().read(fields),
      bodyBytes: this.#head === null ? this.#pending.byteLength : this.#bytes,
      bodyStart: wireText(start.toString('utf8'), KEPT_BYTES),
      whole: this.#state === 'whole',
    };
  }

  #readHead(): void {
    // What begins otherwise never becomes a status line: an answer without head (HTTP/0.9), or no HTTP at all.
    const opening = this.#pending.toString('latin1', 0, 5);
    if (!'HTTP/'.startsWith(opening.slice(0, 5))) {
      this.#withoutHead();
      return;
    }
    const found = headEnd(this.#pending, Math.max(0, this.#searched - 3));
    this.#searched = this.#pending.byteLength;
    if (found === null) {
      if (this.#searched > HEAD_BYTES) this.#withoutHead();
      return;
    }
    const head = found.end > HEAD_BYTES ? null : headOf(this.#pending.toString('latin1', 0, found.end));
    if (head === null) {
      this.#withoutHead();
      return;
    }
    const rest = this.#pending.subarray(found.next);
    if (head.status >= 100 && head.status < 200 && head.status !== 101) {
      this.#passOver(rest);
      return;
    }
    this.#accept(head, rest);
  }

  /** An informational answer: the answer comes behind it. */
  #passOver(rest: Buffer): void {
    this.#informational += 1;
    const isEnough = this.#informational > MAX_INFORMATIONAL;
    this.#pending = isEnough ? Buffer.alloc(0) : Buffer.from(rest);
    this.#searched = 0;
    if (isEnough) this.#state = 'cut';
    else if (rest.byteLength > 0) this.#readHead();
  }

  #accept(head: Head, rest: Buffer): void {
    this.#head = head;
    this.#pending = Buffer.alloc(0);
    const isEmpty = !this.#hasBody || head.status === 101 || head.status === 204 || head.status === 304;
    this.#framing = bodyFraming(
      isEmpty ? ['0'] : valuesOf(head.fields, 'content-length'),
      isEmpty ? [] : valuesOf(head.fields, 'transfer-encoding'),
    );
    // Another protocol begins behind it.
    if (head.status === 101) this.#state = 'cut';
    else this.#body(rest);
  }

  /** Everything is body, to the end of the connection. */
  #withoutHead(): void {
    const all = this.#pending;
    this.#head = NO_HEAD;
    this.#pending = Buffer.alloc(0);
    this.#framing = bodyFraming([], []);
    this.#body(all);
  }

  #body(chunk: Buffer): void {
    const { payload, state } = this.#framing?.take(chunk) ?? { payload: [], state: 'cut' as const };
    for (const part of payload) this.#keep(part);
    this.#state = this.#bytes > this.#bodyBytes ? 'cut' : state;
    this.#bytes = Math.min(this.#bytes, this.#bodyBytes);
  }

  #keep(part: Buffer): void {
    const room = KEPT_BYTES - this.#start.byteLength;
    if (room > 0) this.#start = Buffer.concat([this.#start, part.subarray(0, room)]);
    this.#bytes += part.byteLength;
  }
}

/** Where the head ends, and where what follows begins: an empty line, ended by CRLF or LF alone (RFC 9112 2.2). */
function headEnd(bytes: Buffer, from: number): { readonly end: number; readonly next: number } | null {
  for (let at = bytes.indexOf(0x0a, from); at !== -1; at = bytes.indexOf(0x0a, at + 1)) {
    if (bytes[at + 1] === 0x0a) return { end: at, next: at + 2 };
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return { end: at, next: at + 3 };
  }
  return null;
}

/** Null for what begins with no status line. Lines that are no field are passed over. */
function headOf(text: string): Head | null {
  const [first = '', ...lines] = text.split('\n', MAX_FIELDS + 1).map((line) => line.replace(/\r$/, ''));
  const found = STATUS_LINE.exec(first);
  if (found === null) return null;
  const fields = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 1 ? [] : [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { version: found[1] ?? '', status: Number(found[2]), reason: found[3] ?? '', fields };
}

function valuesOf(fields: readonly string[], name: string): readonly string[] {
  return fields.filter((_, at) => at % 2 === 1 && fields[at - 1]?.toLowerCase() === name);
}
