// Owns what a step sends first: its URL, headers and body, with secrets and captured values in their places.
import type { Secret } from '../../src/model/secret.ts';
import type { SecretText } from '../../src/model/secret-text.ts';
import { ACCEPTED } from '../../src/net/call/decode.ts';
import { type Encoding, jsonPieces, type Piece, written } from '../../src/net/call/secret-text.ts';
import { type StepUrl, stepUrl } from '../../src/net/call/step-url.ts';
import type { StepSource } from './options.ts';
import { PLACE } from './places.ts';
import type { Headers } from './redirect.ts';
import { talkName, withoutOwnScheme } from './talk-kind.ts';
import { type Captures, piecesOf } from './template.ts';

export interface Sending {
  readonly url: StepUrl;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array | Secret | null;
  /** Whether it may show who the journey's caller is, where its URL is of the target's origin. */
  readonly credentials: boolean;
}

/** @throws UsageError for a URL that cannot be read; its message never repeats it */
export function sendingOf(step: StepSource, captures: Captures, base: string): Sending {
  const body = bodyOf(step, captures);
  const headers = Object.entries(step.headers ?? {}).map(
    ([name, value]) => [name, written(piecesOf(value, captures, 'raw'), `header ${name}`)] as const,
  );
  return {
    url: stepUrl(written(urlPieces(step, base, captures), 'url'), base),
    method: talkName(step) ?? step.method ?? (body === null ? 'GET' : 'POST'),
    headers: [
      ...(talkName(step) !== null || has(headers, 'accept-encoding') ? [] : [['accept-encoding', ACCEPTED] as const]),
      ...(body?.type === undefined || has(headers, 'content-type') ? [] : [['content-type', body.type] as const]),
      ...headers,
    ],
    body: body?.bytes ?? null,
    credentials: step.auth !== 'none',
  };
}

function has(headers: Headers, wanted: string): boolean {
  return headers.some(([name]) => name.toLowerCase() === wanted);
}

/** What a URL begins with is a URL, or the begin of one, itself: it stays as it is. */
function urlPieces(step: StepSource, base: string, captures: Captures): readonly Piece[] {
  const [first, ...rest] = piecesOf(step.url ?? base, captures, 'url');
  if (first === undefined) return [];
  const begin = (text: string): string => (talkName(step) === null ? text : withoutOwnScheme(text));
  return [typeof first === 'string' ? begin(first) : { value: first.value, encoding: 'raw' }, ...rest];
}

interface Body {
  readonly bytes: Uint8Array | Secret;
  readonly type?: string;
}

function bodyOf({ body, json, form }: StepSource, captures: Captures): Body | null {
  const filled = (text: string | SecretText, encoding: Encoding) => piecesOf(text, captures, encoding);
  if (body !== undefined) return { bytes: bytes(filled(body, 'raw')) };
  if (json !== undefined)
    return { bytes: bytes(jsonPieces(json, (text) => filled(text, 'json'))), type: 'application/json' };
  if (form === undefined) return null;
  const fields = Object.entries(form).map(([name, value]) => [
    `${formText(name)}=`,
    ...filled(value, 'form').map((piece) => (typeof piece === 'string' ? formText(piece) : piece)),
  ]);
  const pieces = fields.flatMap((field, at) => (at === 0 ? field : ['&', ...field]));
  return { bytes: bytes(pieces), type: 'application/x-www-form-urlencoded' };
}

function bytes(pieces: readonly Piece[]): Uint8Array | Secret {
  const text = written(pieces, 'body');
  return typeof text === 'string' ? Buffer.from(text) : text;
}

function formText(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

/** The URL as the person wrote it: names in the places of secrets and captured values. */
export function shownUrl(step: Pick<StepSource, 'url'>, target: string): string {
  return String(step.url ?? target)
    .replace(PLACE, '{{$1}}')
    .slice(0, 300);
}
