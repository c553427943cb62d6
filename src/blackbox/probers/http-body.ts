// Owns what an http module demands of an answer: status, headers, body as text or JSON. What is decoded is bounded: a bomb is a failure.
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflateRaw } from 'node:zlib';
import type { HttpModule } from '../config/modules.ts';
import type { ProbeContext } from '../probe.ts';
import type { HttpResponse } from './http-round-trip.ts';
import { valuesOf } from './http1-exchange.ts';

/** Bytes of a decoded body where the module sets no limit. */
const MOST_DECODED = 268_435_456;

export function hasValidStatus({ module, log }: ProbeContext, status: number): boolean {
  const valid = module.http.valid_status_codes;
  if (valid.length === 0) {
    if (status >= 200 && status < 300) return true;
    log.error('Invalid HTTP response status code, wanted 2xx', { status_code: status });
    return false;
  }
  if (valid.includes(status)) return true;
  log.error('Invalid HTTP response status code', { status_code: status, valid_status_codes: `[${valid.join(' ')}]` });
  return false;
}

export function hasValidHeaders({ module, log }: ProbeContext, response: HttpResponse): boolean {
  for (const { header, regexp, allow_missing } of module.http.fail_if_header_matches) {
    const values = valuesOf(response, header);
    if (values.length === 0) {
      if (allow_missing) continue;
      log.error('Missing required header', { header });
      return false;
    }
    if (!values.some((value) => regexp?.test(value) === true)) continue;
    log.error('Header matched regular expression', {
      header,
      regexp: regexp?.source ?? '',
      value_count: values.length,
    });
    return false;
  }
  for (const { header, regexp, allow_missing } of module.http.fail_if_header_not_matches) {
    const values = valuesOf(response, header);
    if (values.length === 0) {
      if (allow_missing) continue;
      log.error('Missing required header', { header });
      return false;
    }
    if (values.some((value) => regexp?.test(value) === true)) continue;
    log.error('Header did not match regular expression', {
      header,
      regexp: regexp?.source ?? '',
      value_count: values.length,
    });
    return false;
  }
  return true;
}

export function hasValidText({ module, log }: ProbeContext, body: Buffer): boolean {
  const matched = module.http.fail_if_body_matches_regexp.find((one) => one?.test(body) === true);
  if (matched !== undefined) {
    log.error('Body matched regular expression', { regexp: matched?.source ?? '' });
    return false;
  }
  const missed = module.http.fail_if_body_not_matches_regexp.find((one) => one?.test(body) === false);
  if (missed === undefined) return true;
  log.error('Body did not match regular expression', { regexp: missed?.source ?? '' });
  return false;
}

export function hasValidJson({ module, log }: ProbeContext, body: Buffer): boolean {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (error) {
    log.error('Error unmarshalling HTTP body to JSON', { err: error instanceof Error ? error.message : '' });
    return false;
  }
  const { fail_if_body_json_matches_cel: bad, fail_if_body_json_not_matches_cel: good } = module.http;
  for (const [program, failsOn] of [
    [bad, true],
    [good, false],
  ] as const) {
    if (program === null) continue;
    const result = program.evaluate(value);
    if (result === !failsOn) continue;
    const words = failsOn ? 'Body matched CEL expression' : 'Body did not match CEL expression';
    log.error(result === null ? 'Error evaluating CEL expression' : words, { expression: program.source });
    return false;
  }
  return true;
}

export const TOO_LARGE = 'http: request body too large';

/**
 * The body after decoding. No encoding of the module: as it came.
 * @throws Error in words for one that cannot be decoded, or is larger than the module allows
 */
export async function decoded(
  { compression, body_size_limit }: HttpModule,
  { body, truncated }: HttpResponse,
): Promise<Buffer> {
  const limit = body_size_limit === 0n ? null : Number(body_size_limit);
  const most = limit ?? MOST_DECODED;
  const plain = await decompressed(compression.toLowerCase(), body, most);
  if (plain === null || plain.byteLength > most || (truncated && limit !== null)) throw new Error(TOO_LARGE);
  if (truncated) throw new Error(`more than ${MOST_DECODED} bytes`);
  return plain;
}

/** By the word of the module. `deflate` is the bare stream (RFC 1951), as Go's compress/flate reads it. */
const DECOMPRESS: ReadonlyMap<string, (body: Buffer, bound: { readonly maxOutputLength: number }) => Promise<Buffer>> =
  new Map([
    ['gzip', promisify(gunzip)],
    ['br', promisify(brotliDecompress)],
    ['deflate', promisify(inflateRaw)],
  ]);

/** @returns null when it is larger than `most` */
async function decompressed(compression: string, body: Buffer, most: number): Promise<Buffer | null> {
  if (compression === '' || compression === 'identity') return body;
  const decompress = DECOMPRESS.get(compression);
  if (decompress === undefined) throw new Error('unsupported compression algorithm');
  try {
    return await decompress(body, { maxOutputLength: most });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return null;
    throw error;
  }
}

export function asksOfText({
  fail_if_body_matches_regexp: bad,
  fail_if_body_not_matches_regexp: good,
}: HttpModule): boolean {
  return bad.length + good.length > 0;
}

/** What nobody looks at is counted alone, however long it is: a download that is probed must not be held in memory. */
export function looksAtBody(http: HttpModule): boolean {
  const { compression, fail_if_body_json_matches_cel: bad, fail_if_body_json_not_matches_cel: good } = http;
  return asksOfText(http) || compression !== '' || bad !== null || good !== null;
}

/** Bytes that are read of a body: one more than may be, where nothing is decoded. */
export function mostRead(http: HttpModule): number {
  const { compression, body_size_limit } = http;
  if (!looksAtBody(http)) return body_size_limit === 0n ? Number.MAX_SAFE_INTEGER : Number(body_size_limit);
  return body_size_limit === 0n || compression !== '' ? MOST_DECODED : Math.min(MOST_DECODED, Number(body_size_limit));
}
