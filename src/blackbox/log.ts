// Owns what is written down while a probe runs: the lines of its debug page and history, in logfmt. What came from the wire is quoted.

export type Level = 'debug' | 'info' | 'warn' | 'error';
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface ProbeLog {
  debug(message: string, attributes?: Attributes): void;
  info(message: string, attributes?: Attributes): void;
  error(message: string, attributes?: Attributes): void;
}

const RANK: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** Lines of one probe that are kept, and characters of one value: a server may talk without end. */
const MOST_LINES = 1000;
const MOST_CHARACTERS = 2048;

/** @param least level that is kept @param common attributes of each line @param wallClockMs Unix ms */
export function openProbeLog(
  least: Level,
  common: Attributes,
  wallClockMs: () => number,
): ProbeLog & { text(): string } {
  const lines: string[] = [];
  const write = (level: Level, message: string, attributes: Attributes = {}): void => {
    if (RANK[level] < RANK[least] || lines.length >= MOST_LINES) return;
    const head = { time: new Date(wallClockMs()).toISOString(), level, msg: message };
    lines.push(logfmt({ ...head, ...common, ...attributes }));
  };
  return {
    debug: (message, attributes) => write('debug', message, attributes),
    info: (message, attributes) => write('info', message, attributes),
    error: (message, attributes) => write('error', message, attributes),
    text: () => lines.map((line) => `${line}\n`).join(''),
  };
}

function logfmt(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([key, value]) => `${key}=${quoted(String(value).slice(0, MOST_CHARACTERS))}`)
    .join(' ');
}

/** As log/slog does: bare unless it is empty or holds blanks, `=`, quotes or what cannot be printed. */
function quoted(text: string): string {
  return /^[!#-<>-~]+$/.test(text) ? text : JSON.stringify(text).replaceAll('\u007f', String.raw`\x7f`);
}
