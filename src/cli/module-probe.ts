// Owns one scheduled probe by a module: which module, how long it may take, and what the agent is told of it. Schedules nothing.
import { maskedText } from '../agent/log/masked-text.ts';
import type { Probed, ProbeTold } from '../agent/probing.ts';
import { extension } from '../blackbox/config/extension.ts';
import type { BlackboxConfig, Module } from '../blackbox/config/modules.ts';
import { isFlap } from '../blackbox/confirm.ts';
import type { Failure } from '../blackbox/failure.ts';
import { expose } from '../blackbox/gauges.ts';
import { debugPage, probeAsWanted, quorumFor } from '../blackbox/handler.ts';
import type { Outcome } from '../blackbox/run.ts';
import type { Confirm } from '../config/agent/confirm.ts';
import { problemCatalogue } from '../model/problem.ts';
import { UsageError } from '../model/usage-error.ts';
import type { ModuleRoom } from './module-room.ts';

/** Of a module that names none: as long as a scrape may take that nobody gave a timeout (Prometheus, scrape_timeout). */
const DEFAULT_SECONDS = 10;

export interface FoundModule {
  readonly module: Module;
  readonly config: BlackboxConfig;
}

/** @param configs in which a module is looked for, in this order */
export function findModule(configs: () => readonly (BlackboxConfig | null)[]): (name: string) => FoundModule {
  return (name) => {
    for (const config of configs()) {
      const module = config?.modules.get(name);
      if (config !== null && module !== undefined) return { module, config };
    }
    throw new UsageError(`there is no module "${name}" any more`);
  };
}

export async function probeByModule(
  { target, module: name, mostSeconds, confirm }: Probed,
  { module: found, config }: FoundModule,
  room: ModuleRoom['run'] & { readonly signal: AbortSignal },
): Promise<ProbeTold> {
  const module = confirm === null ? found : confirming(found, confirm);
  const own = module.timeout / 1000;
  const timeoutSeconds = Math.min(own > 0 ? own : DEFAULT_SECONDS, mostSeconds);
  const run = { module, name, target, hostname: null, timeoutSeconds };
  const quorum = quorumFor(module, null) ?? 'all';
  const outcome = await probeAsWanted({ run, quorum, isEvery: false }, room);
  const { gauges, success, log } = outcome;
  return {
    ...{ families: gauges.families(), success, failure: success ? null : failureOf(outcome) },
    durationMs: (gauges.value('probe_duration_seconds') ?? 0) * 1000,
    isFlap: gauges.value('probe_attempts') === null ? null : isFlap(outcome),
    // Who asks /probe knows what he asked for; this one is the operator's, and everybody may read the page.
    page: () => debugPage(config, name, expose(gauges, 'text'), maskedText(log)),
  };
}

/** The target's word goes before the module's. */
function confirming(module: Module, { times, afterMs }: Confirm): Module {
  return { ...module, outrider: { ...(module.outrider ?? extension.zero), confirm: { times, after: afterMs } } };
}

function failureOf({ failure }: Outcome): NonNullable<ProbeTold['failure']> {
  if (failure === null) return { what: 'too few addresses succeeded', isOurs: false };
  return { what: `${failure.phase}: ${wordsOf(failure)}`, isOurs: failure.fault === 'prober' };
}

function wordsOf({ reason }: Failure): string {
  const problems: Readonly<Record<string, { readonly says: string } | undefined>> = problemCatalogue;
  return problems[reason]?.says ?? `not as the module demands (${reason})`;
}
