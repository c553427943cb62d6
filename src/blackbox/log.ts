// Owns what is written down while a probe runs: the lines of its debug page and history, in logfmt. What came from the wire is quoted.
import { type Attributes, type LogLevel, logfmt, logRank } from '../model/logfmt.ts';

export interface ProbeLog {
  debug(message: string, attributes?: Attributes): void;
  info(message: string, attributes?: Attributes): void;
  error(message: string, attributes?: Attributes): void;
}

/** Lines of one probe that are kept, and characters of one value: a server may talk without end. */
const MOST_LINES = 1000;
const MOST_CHARACTERS = 2048;

/** Told of each line that is kept, beside. */
export type OnLine = (level: LogLevel, message: string, attributes: Attributes) => void;

/** @param least level that is kept @param common attributes of each line @param wallClockMs Unix ms */
export function openProbeLog(
  least: LogLevel,
  common: Attributes,
  wallClockMs: () => number,
  onLine: OnLine = () => undefined,
): ProbeLog & { text(): string } {
  const lines: string[] = [];
  const write = (level: LogLevel, message: string, attributes: Attributes = {}): void => {
    if (logRank(level) < logRank(least) || lines.length >= MOST_LINES) return;
    const head = { time: new Date(wallClockMs()).toISOString(), level, msg: message };
    const told = { ...common, ...attributes };
    lines.push(logfmt(cut({ ...head, ...told })));
    onLine(level, message, told);
  };
  return {
    debug: (message, attributes) => write('debug', message, attributes),
    info: (message, attributes) => write('info', message, attributes),
    error: (message, attributes) => write('error', message, attributes),
    text: () => lines.map((line) => `${line}\n`).join(''),
  };
}

function cut(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [
      key,
      typeof value === 'string' ? value.slice(0, MOST_CHARACTERS) : value,
    ]),
  );
}
