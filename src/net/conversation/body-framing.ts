// Owns where the body of an answer ends: by its length, by its chunks, or with the connection (RFC 9112 6.3, 7.1). Never throws.

export interface BodyFraming {
  readonly endsWithConnection: boolean;
  take(chunk: Buffer): Taken;
}

export interface Taken {
  readonly payload: readonly Buffer[];
  readonly state: 'more' | 'whole' | 'cut';
}

/** Of one line between chunks, extensions included (as net/http), and of all lines behind the last. */
const LINE_BYTES = 4_096;
const TRAILER_BYTES = 8_192;

/** Values of the fields Content-Length and Transfer-Encoding. Contradictory ones leave no end to read by: what comes is cut. */
export function bodyFraming(lengths: readonly string[], codings: readonly string[]): BodyFraming {
  if (codings.length > 0) {
    const last = codings.at(-1)?.split(',').at(-1)?.trim().toLowerCase();
    return last === 'chunked' && lengths.length === 0 ? new Chunked() : CUT;
  }
  if (lengths.length === 0) return TO_THE_END;
  const [length = ''] = lengths;
  return lengths.every((one) => one === length) && /^\d{1,15}$/.test(length) ? new Counted(Number(length)) : CUT;
}

const TO_THE_END: BodyFraming = {
  endsWithConnection: true,
  take: (chunk) => ({ payload: [chunk], state: 'more' }),
};

const CUT: BodyFraming = {
  endsWithConnection: false,
  take: (chunk) => ({ payload: [chunk], state: 'cut' }),
};

class Counted implements BodyFraming {
  readonly endsWithConnection = false;
  #left: number;
  constructor(length: number) {
    this.#left = length;
  }
  take(chunk: Buffer): Taken {
    const part = chunk.subarray(0, this.#left);
    this.#left -= part.byteLength;
    return { payload: [part], state: this.#left === 0 ? 'whole' : 'more' };
  }
}

class Chunked implements BodyFraming {
  readonly endsWithConnection = false;
  #line = '';
  #left = 0;
  #part: 'size' | 'data' | 'behind' | 'trailers' = 'size';
  #trailerBytes = 0;

  take(chunk: Buffer): Taken {
    const payload: Buffer[] = [];
    let at = 0;
    while (at < chunk.byteLength) {
      if (this.#part === 'data') {
        const part = chunk.subarray(at, at + this.#left);
        payload.push(part);
        at += part.byteLength;
        this.#left -= part.byteLength;
        if (this.#left === 0) this.#part = 'behind';
        continue;
      }
      const end = chunk.indexOf(0x0a, at);
      const stop = end === -1 ? chunk.byteLength : end;
      if (stop - at + this.#line.length > LINE_BYTES) return { payload, state: 'cut' };
      this.#line += chunk.toString('latin1', at, stop);
      if (end === -1) break;
      at = end + 1;
      const state = this.#readLine();
      if (state !== 'more') return { payload, state };
    }
    return { payload, state: 'more' };
  }

  #readLine(): Taken['state'] {
    const line = this.#line.replace(/\r$/, '');
    this.#line = '';
    if (this.#part === 'behind') {
      this.#part = 'size';
      return line === '' ? 'more' : 'cut';
    }
    if (this.#part === 'trailers') {
      this.#trailerBytes += line.length;
      if (line === '') return 'whole';
      return this.#trailerBytes > TRAILER_BYTES ? 'cut' : 'more';
    }
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(line)?.[1];
    if (size === undefined) return 'cut';
    this.#left = Number.parseInt(size, 16);
    this.#part = this.#left === 0 ? 'trailers' : 'data';
    return 'more';
  }
}
