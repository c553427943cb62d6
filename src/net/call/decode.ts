// Owns undoing the codings of a body (RFC 9110 8.4.1): gzip, deflate, br, zstd. Bounded: a bomb ends where the limit is.
// Never throws for what the bytes are.
import { promisify } from 'node:util';
import {
  brotliDecompress,
  constants,
  gunzip,
  type InputType,
  inflate,
  inflateRaw,
  type ZlibOptions,
  zstdDecompress,
} from 'node:zlib';

/** What of `Accept-Encoding` this can undo. */
export const ACCEPTED = 'gzip, br, zstd';

export type Decoded =
  | { readonly state: 'decoded'; readonly bytes: Uint8Array }
  | { readonly state: 'failed'; readonly because: string };

/** More than one is rare, more than these is an attack on whoever undoes them. */
const MAX_CODINGS = 3;

type Undo = (bytes: InputType, options: ZlibOptions) => Promise<Buffer>;

const plainFlush = { finishFlush: constants.Z_SYNC_FLUSH };
const gzip = promisify<InputType, ZlibOptions, Buffer>(gunzip);
const zlib = promisify<InputType, ZlibOptions, Buffer>(inflate);
const raw = promisify<InputType, ZlibOptions, Buffer>(inflateRaw);
const brotli = promisify<InputType, ZlibOptions, Buffer>(brotliDecompress as never);
const zstd = promisify<InputType, ZlibOptions, Buffer>(zstdDecompress as never);

/** `deflate` is zlib's format (RFC 9110 8.4.1.2); some servers send it without its head. */
const deflate: Undo = (bytes, options) => {
  const [first = 0] = bytes as Uint8Array;
  return (first & 0x0f) === 8 ? zlib(bytes, options) : raw(bytes, options);
};

const UNDO: Readonly<Record<string, { readonly undo: Undo; readonly cut: object }>> = {
  gzip: { undo: gzip, cut: plainFlush },
  'x-gzip': { undo: gzip, cut: plainFlush },
  deflate: { undo: deflate, cut: plainFlush },
  br: { undo: brotli, cut: { finishFlush: constants.BROTLI_OPERATION_FLUSH } },
  zstd: { undo: zstd, cut: { finishFlush: constants.ZSTD_e_flush } },
};

/**
 * @param codings in the order they were applied, lower case
 * @param isCut whether the end of the body is missing: then what is there is undone
 */
export async function decodeBody(
  bytes: Uint8Array,
  codings: readonly string[],
  { maxBytes, isCut }: { readonly maxBytes: number; readonly isCut: boolean },
): Promise<Decoded> {
  const applied = codings.filter((one) => one !== 'identity' && one !== '');
  if (applied.length > MAX_CODINGS) return failed(`it is coded ${applied.length} times over`);
  if (bytes.byteLength === 0) return { state: 'decoded', bytes };
  let at = bytes;
  for (const coding of applied.toReversed()) {
    const known = Object.hasOwn(UNDO, coding) ? UNDO[coding] : undefined;
    if (known === undefined) return failed('its coding is not known here');
    try {
      at = await known.undo(at, { maxOutputLength: maxBytes, ...(isCut ? known.cut : {}) });
    } catch (error) {
      const isBomb = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
      return failed(isBomb ? `it is larger than ${maxBytes} bytes when unpacked` : `it is no valid ${coding}`);
    }
  }
  return at.byteLength > maxBytes ? failed(`it is larger than ${maxBytes} bytes`) : { state: 'decoded', bytes: at };
}

function failed(because: string): Decoded {
  return { state: 'failed', because };
}
