// Owns an answer as steps read it: decoded, as text, as JSON. Its strings are a stranger's: what is written down of them is hidden and
// marked again elsewhere.
import type { CallRecord } from '../../src/contract/call.ts';
import { fieldValues } from '../../src/model/fields.ts';
import type { Json } from '../../src/model/json.ts';
import { capture, type WireText } from '../../src/model/text.ts';
import { decodeBody } from '../../src/net/call/decode.ts';

export interface Answer {
  /** 0: of no HTTP. */
  readonly status: number;
  /** Values of every line with this name. `name` in any case. */
  header(name: string): readonly string[];
  /** Null: the body could not be decoded, and `because` says why. */
  readonly text: string | null;
  readonly because: string | null;
  /** Undefined: the body is no JSON, or nests deeper than is followed. */
  json(): Json | undefined;
  readonly record: CallRecord;
}

/** Unpacked. */
const MAX_TEXT_BYTES = 8_388_608;
const MAX_CODINGS = 8;

/** Null without an answer. */
export async function answerOf(record: CallRecord): Promise<Answer | null> {
  const { http, body } = record;
  if (http === null && body === null) return null;
  const isCut = http?.truncated ?? false;
  const codings = codingsOf(record).map((coding) => plain(coding).toLowerCase());
  const decoded = await decodeBody(body ?? new Uint8Array(), codings, { maxBytes: MAX_TEXT_BYTES, isCut });
  const text = decoded.state === 'decoded' ? textOf(decoded.bytes, record) : null;
  let parsed: { readonly value: Json | undefined } | null = null;
  return {
    status: http?.status ?? 0,
    header: (name) => fieldValues(http?.headers ?? [], name.toLowerCase()).map(plain),
    text,
    because: decoded.state === 'failed' ? `the body could not be read: ${decoded.because}` : null,
    json() {
      parsed ??= { value: text === null ? undefined : parse(text) };
      return parsed.value;
    },
    record,
  };
}

/** Content codings in the order they were applied (RFC 9110 8.4). */
export function codingsOf({ http }: CallRecord): readonly WireText[] {
  const fields = fieldValues(http?.headers ?? [], 'content-encoding').map(plain);
  const codings = fields.flatMap((field) => field.split(',').map((one) => one.trim())).filter((one) => one !== '');
  return codings.slice(0, MAX_CODINGS) as unknown as readonly WireText[];
}

/** The one place where wire text becomes a string here: to be compared, captured, or hidden and marked again. */
export function plain(text: WireText): string {
  return text as unknown as string;
}

const CHARSETS: Readonly<Record<string, string>> = { 'iso-8859-1': 'latin1', latin1: 'latin1', 'utf-16': 'utf-16le' };

function textOf(bytes: Uint8Array, { http }: CallRecord): string {
  const [type] = fieldValues(http?.headers ?? [], 'content-type');
  const charset = type === undefined ? null : capture(type, /;\s*charset="?([A-Za-z0-9_-]{1,20})/i);
  const label = charset === null ? 'utf-8' : (CHARSETS[plain(charset).toLowerCase()] ?? 'utf-8');
  return new TextDecoder(label).decode(bytes);
}

/** Deeper than any service's answer; printing or comparing what nests without end would end the process' stack. */
const MAX_DEPTH = 256;

function parse(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return nestsDeeper(text, MAX_DEPTH) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** Of valid JSON: brackets outside of strings, in one pass. */
function nestsDeeper(text: string, most: number): boolean {
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isQuoted && character === '\\') at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (character === '[' || character === '{')) {
      depth += 1;
      if (depth > most) return true;
    } else if (!isQuoted && (character === ']' || character === '}')) depth -= 1;
  }
  return false;
}
