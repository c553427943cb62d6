// Owns the agent's log: what is told at which level, as JSON or logfmt, each line bounded, escaped and without secrets. Knows no event by name.
import { type Level, pino } from 'pino';
import { type Attributes, type LogFormat, type LogLevel, logfmt, logLevels } from '../../model/logfmt.ts';
import { visible } from '../../model/text.ts';
import type { LineSink } from './line-sink.ts';
import { maskedText } from './masked-text.ts';

/** @param attributes strings are cut, escaped and looked through for credentials */
export type Tell = (message: string, attributes?: Told) => void;
export type Told = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface AgentLog extends Readonly<Record<LogLevel, Tell>> {
  /** Lines since the start. */
  counts(): { readonly told: ReadonlyMap<LogLevel, number>; readonly dropped: number };
  /** At the end: waits for a slow reader within the bound, ms. */
  flush(boundMs: number): Promise<void>;
}

export interface AgentLogOptions {
  /** The least that is told. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly sink: LineSink;
  /** Unix ms */
  readonly wallClockMs: () => number;
  /** True: each line begins with its level as the journal reads it (sd-daemon(3)). */
  readonly isJournal: boolean;
}

/** Of syslog, RFC 5424 6.2.1. */
const PRIORITY: Readonly<Record<LogLevel, string>> = { debug: '<7>', info: '<6>', warn: '<4>', error: '<3>' };
/** Characters of a value, and of a message; items of a list; attributes of a line. */
const MOST_CHARACTERS = 2048;
const MOST_ITEMS = 20;
const MOST_ATTRIBUTES = 20;
/** What no line holds, even if somebody wrote it. */
const NEVER = ['authorization', 'cookie', 'password', 'secret', 'token'];

export function openAgentLog({ level, format, sink, wallClockMs, isJournal }: AgentLogOptions): AgentLog {
  const counts = new Map<LogLevel, number>(logLevels.map((one) => [one, 0]));
  let priority = '';
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(wallClockMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: NEVER, censor: '[masked]' },
    },
    // No transport: those are threads, and a destination of pino's own waits at the end of the process.
    { write: (line) => sink.write(`${priority}${format === 'json' ? line : `${logfmtOf(line)}\n`}`) },
  );
  const tell =
    (at: LogLevel & Level): Tell =>
    (message, attributes = {}) => {
      if (!logger.isLevelEnabled(at)) return;
      counts.set(at, (counts.get(at) ?? 0) + 1);
      priority = isJournal ? PRIORITY[at] : '';
      logger[at](bounded(attributes), clean(message));
    };
  return {
    ...{ debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') },
    counts: () => ({ told: counts, dropped: sink.dropped() }),
    flush: (boundMs) => sink.flush(boundMs),
  };
}

function bounded(attributes: Told): Told {
  const kept = Object.entries(attributes).slice(0, MOST_ATTRIBUTES);
  return Object.fromEntries(kept.map(([key, value]) => [key, boundedValue(value)]));
}

function boundedValue(value: Told[string]): Told[string] {
  if (typeof value === 'string') return clean(value);
  if (typeof value !== 'object') return value;
  const more = value.length - MOST_ITEMS;
  return [...value.slice(0, MOST_ITEMS).map(clean), ...(more > 0 ? [`and ${more} more`] : [])];
}

/** Masked before it is cut: half a URL shows no longer where its credentials end. */
function clean(text: string): string {
  const whole = maskedText(text.slice(0, 2 * MOST_CHARACTERS));
  return visible(whole.length > MOST_CHARACTERS ? `${whole.slice(0, MOST_CHARACTERS)}...` : whole);
}

/** The time first, as people read it. */
function logfmtOf(line: string): string {
  const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, string | number | boolean | string[]>;
  const flat = Object.entries({ time, level, msg, ...rest }).map(([key, value = '']): [string, Attributes[string]] => [
    key,
    typeof value === 'object' ? value.join(',') : value,
  ]);
  return logfmt(Object.fromEntries(flat));
}
