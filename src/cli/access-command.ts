// Owns the options about access as the help shows them. Reads nothing: what they may be is said in access-options.ts.
import type { Command } from 'commander';

/** What is asked of a caller, and what it takes before callers are turned away. */
export function accessOptions(command: Command): Command {
  return command
    .option('--no-preflight', 'no OPTIONS request: what browsers are told for pages of other origins (CORS)')
    .option('--try-trace', 'one TRACE request: whether the server sends back what arrives at it')
    .option(
      '--find-limit <MAX>',
      'requests ever faster, up to MAX (or FROM..MAX) a second, until one is answered 429 or 503: where throttling starts',
    )
    .option('--find-limit-open <N>', 'the same for requests held open at once, up to N')
    .option('--health [PATH]', 'ask the health endpoint (the well-known ones, or PATH): dependencies and their states')
    .option('--yes', 'agree to --find-limit beforehand: needed where nobody can be asked');
}
