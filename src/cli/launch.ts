// Owns what a command is given besides its words: where to print, which probes, which world.
import type { AgentLog } from '../agent/log/agent-log.ts';
import type { AnyProbe } from '../contract/probe.ts';
import type { Io } from './io.ts';
import type { Surroundings } from './surroundings.ts';

export interface Launch {
  readonly io: Io;
  readonly probes: readonly AnyProbe[];
  readonly version: string;
  readonly surroundings: Surroundings;
}

/** What `--format` takes. */
export const FORMATS = ['text', 'json', 'markdown', 'html', 'prometheus'] as const;

/** What `--format` of `probe certs` takes. */
export const CERTS_FORMATS = ['text', 'json', 'csv', 'prometheus', 'nagios'] as const;

/** What `--format` of `probe diff` takes. */
export const DIFF_FORMATS = ['text', 'json', 'markdown'] as const;

/** That of the agent. */
export interface LoggedLaunch extends Launch {
  readonly log: AgentLog;
}
