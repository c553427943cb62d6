// Owns logfmt: attributes as `key=value` with blanks between, one line. Cuts nothing and knows no key.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
/** What a log may be written in. */
export type LogFormat = 'logfmt' | 'json';
export const logFormats = ['logfmt', 'json'] as const;
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Without a line feed. */
export function logfmt(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([key, value]) => `${key}=${quoted(String(value))}`)
    .join(' ');
}

/** As log/slog does: bare unless it is empty or holds blanks, `=`, quotes or what cannot be printed. */
function quoted(text: string): string {
  return /^[!#-<>-~]+$/.test(text) ? text : JSON.stringify(text).replaceAll('\u007f', String.raw`\x7f`);
}

/** The higher, the graver. */
export function logRank(level: LogLevel): number {
  return logLevels.indexOf(level);
}
