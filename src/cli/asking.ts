// Owns who may ask the agent for a journey, as the command line and --web-config say it, and what came of their asking. Serves nothing.
import { addressPolicy } from '../agent/address-policy.ts';
import { AskedJourneys } from '../agent/asked-journeys.ts';
import { type BearerTokens, openBearerTokens } from '../agent/bearer-tokens.ts';
import { openClients } from '../agent/clients.ts';
import type { AskedOutcome, AskingRoom } from '../agent/journeys-route.ts';
import type { Strangers } from '../agent/strangers.ts';
import type { WebConfig } from '../agent/web-config.ts';
import { riddenAt } from './agent-config.ts';
import { ridingRoomOf, type Targets } from './agent-targets.ts';
import { readText } from './input-file.ts';
import type { Launch, LoggedLaunch } from './launch.ts';
import { resolveUnder } from './name-lookup.ts';
import { wholeNumber } from './ride-options.ts';

export interface AskingOptions {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly tokenFile?: string;
  readonly maxProbesPerClient: string;
}

export interface Asking extends AskingRoom {
  readonly tokens: BearerTokens | null;
  readonly outcomes: ReadonlyMap<AskedOutcome, number>;
}

const MOST_TOKEN_BYTES = 1_048_576;
/** Journeys of which a caller may still ask where no config says how many. */
const KEPT = 200;

/** @param defaults of the options of a ride, as the command line has them @throws UsageError */
export async function openAsking(
  options: AskingOptions,
  web: WebConfig | undefined,
  targets: () => Targets | null,
  defaults: Readonly<Record<string, unknown>>,
  launch: LoggedLaunch,
): Promise<Asking> {
  const { log } = launch;
  const tokens = await tokensOf(options, log);
  const outcomes = new Map<AskedOutcome, number>(
    (['ridden', 'failed', 'refused', 'turned_away', 'no_room'] as const).map((outcome) => [outcome, 0]),
  );
  const onOutcome = (outcome: AskedOutcome): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const history = (): number => targets()?.history() ?? KEPT;
  return {
    ...{ tokens, outcomes, onOutcome, log, challenge: challengeOf(tokens, web) },
    journeys: new AskedJourneys({ ...ridingRoomOf(launch), history, log, onEnded: onOutcome }),
    configured: (name) => targets()?.agent.target(name),
    strangers: strangersOf(options, defaults, launch),
    clients: openClients(wholeNumber(options.maxProbesPerClient, '--max-probes-per-client', 0, 1_000_000)),
  };
}

function strangersOf(
  { allow, deny }: AskingOptions,
  defaults: Readonly<Record<string, unknown>>,
  launch: Launch,
): Strangers {
  const allows = addressPolicy(allow, deny);
  const resolve = resolveUnder(allows, launch.surroundings.resolvers);
  return {
    allows,
    strange: (target, addresses, given) => riddenAt(target, addresses, given, defaults, launch),
    resolve: (name, signal) => resolve(name, null, signal),
  };
}

async function tokensOf({ tokenFile }: AskingOptions, log: LoggedLaunch['log']): Promise<BearerTokens | null> {
  if (tokenFile === undefined) return null;
  const read = (): Promise<string> => readText(tokenFile, '--token-file', MOST_TOKEN_BYTES);
  return openBearerTokens(
    read,
    tokenFile,
    () => performance.now(),
    (words) => log.warn(words),
  );
}

/** RFC 9110 11.6.1. Certificates are asked for by TLS, and by no challenge. */
function challengeOf(tokens: BearerTokens | null, web: WebConfig | undefined): string | null {
  const schemes = [...(tokens === null ? [] : ['Bearer']), ...((web?.users.size ?? 0) === 0 ? [] : ['Basic'])];
  if (schemes.length > 0) return schemes.join(', ');
  return web?.tls?.verifyCert === true ? '' : null;
}
