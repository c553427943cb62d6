// Owns the step from a socket's, OpenSSL's or undici's error to a problem with its code and whose fault it is.
import { type Problem, type ProblemCode, problem, type Step } from '../../model/problem.ts';
import { wireText } from '../../model/text.ts';

/** Causes of causes that are followed; a cycle ends here too. */
const MAX_CAUSES = 8;

const BY_CODE: Readonly<Record<string, ProblemCode>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ETIMEDOUT: 'connect-timeout',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EMFILE: 'no-descriptors',
  ENFILE: 'no-descriptors',
  ENOBUFS: 'no-descriptors',
  EADDRINUSE: 'no-descriptors',
  EAGAIN: 'no-descriptors',
  EACCES: 'denied',
  EPERM: 'denied',
  EAFNOSUPPORT: 'no-ipv6',
  UND_ERR_HEADERS_OVERFLOW: 'headers-too-large',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  UND_ERR_SOCKET: 'closed',
  ABORT_ERR: 'cancelled',
  UND_ERR_ABORTED: 'cancelled',
  // A request that undici or node:http2 will not send is our mistake, not the target's.
  UND_ERR_INVALID_ARG: 'internal',
  ERR_HTTP2_INVALID_CONNECTION_HEADERS: 'internal',
};

/** OpenSSL words for an answer that is no TLS record at all. */
const NOT_TLS =
  /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|RECORD_LAYER_FAILURE|UNKNOWN_PROTOCOL|RECORD_TOO_(SMALL|LARGE)|UNSUPPORTED_PROTOCOL_VERSION/;

/** The codes of an error and of its causes, outermost first. */
export function errorCodes(error: unknown): readonly string[] {
  const codes: string[] = [];
  let at: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && at instanceof Error; depth++) {
    const { code } = at as { readonly code?: unknown };
    if (typeof code === 'string') codes.push(code);
    at = at.cause;
  }
  return codes;
}

/** What an error in a step means. `family` 6 tells a missing route of ours from an unreachable network. */
export function problemOf(error: unknown, step: Step, family: 4 | 6 = 4): Problem {
  const codes = errorCodes(error);
  const words = wordsOf(error);
  const detail = words === null || codes.includes('ERR_ASSERTION') ? null : wireText(words, 300);
  if (step === 'tls' && isEndBeforeTls(error)) return problem('closed', step, detail);
  const known =
    wordsCode(words) ?? codes.map((code) => codeOf(code, family)).find((code) => code !== null) ?? http2Code(words);
  if (known !== null) return problem(known, step, detail);
  const fallback: ProblemCode = step === 'tls' ? 'tls-protocol' : step === 'connect' ? 'unreachable' : 'http-protocol';
  return problem(fallback, step, detail);
}

/** OpenSSL's reason alone (`wrong version number`), without its thread and source line. */
function wordsOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { reason } = error as { readonly reason?: unknown };
  return typeof reason === 'string' ? reason : error.message;
}

/** Node calls a FIN within the handshake ECONNRESET too, but only a reset comes from a system call. */
function isEndBeforeTls(error: unknown): boolean {
  return error instanceof Error && errorCodes(error)[0] === 'ECONNRESET' && !('syscall' in error);
}

/** What undici says with the code of a closed socket, though it is undici that closes it: a 101 or a 100 nobody asked for. */
function wordsCode(words: string | null): ProblemCode | null {
  return words === 'bad upgrade' || words === 'bad response' ? 'http-protocol' : null;
}

/** Error codes of RST_STREAM and GOAWAY by which a server gives up a request that it has understood. RFC 9113 7. */
const GIVEN_UP = /NGHTTP2_(INTERNAL_ERROR|REFUSED_STREAM|CANCEL|STREAM_CLOSED|CONNECT_ERROR|HTTP_1_1_REQUIRED)/;

/** What node:http2 and undici say in words only. */
function http2Code(words: string | null): ProblemCode | null {
  if (words === null) return null;
  if (GIVEN_UP.test(words)) return 'reset';
  if (/ENHANCE_YOUR_CALM|CONTINUATION frames|FRAME_SIZE_ERROR/.test(words)) return 'headers-too-large';
  return /half-closed|other side closed|socket hang up|socket closed|GOAWAY/i.test(words) ? 'closed' : null;
}

function codeOf(code: string, family: 4 | 6): ProblemCode | null {
  // No route and no address of that family are facts of this machine, not of the target.
  if (code === 'ENETUNREACH' || code === 'EADDRNOTAVAIL') return family === 6 ? 'no-ipv6' : 'no-route';
  if (code.startsWith('HPE_') && code !== 'HPE_HEADER_OVERFLOW') return 'http-protocol';
  if (code.startsWith('ERR_SSL_')) return tlsCode(code);
  return BY_CODE[code] ?? null;
}

function tlsCode(code: string): ProblemCode {
  if (NOT_TLS.test(code)) return 'not-tls';
  return /_ALERT_|ALERT$/.test(code) ? 'tls-alert' : 'tls-protocol';
}
