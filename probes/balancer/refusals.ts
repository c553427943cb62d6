// Owns drawing signals from how an endpoint takes requests that break the rules: who reads them first. Pure; concludes nothing.
import { fieldValue } from '../../src/model/fields.ts';
import { type EndpointId, matches } from '../../src/model/text.ts';
import type { RequestTrace } from '../../src/model/trace.ts';
import { type Dialect, dialects } from './dialects.ts';
import type { IntrusiveRecord, Signal } from './evidence.ts';
import { fingerprints } from './fingerprints.ts';
import { shows } from './signals.ts';

/**
 * A proxy that has no pages of its own refuses by itself. Of a server that may be the host itself nothing follows, unless the
 * ordinary answers are from another one by their Server field: then it passes requests on.
 */
export function fromRefusals(
  { trials }: Pick<IntrusiveRecord, 'trials'>,
  traces: readonly RequestTrace[],
): readonly Signal[] {
  return [...dialects.flatMap((dialect) => fromDialect(dialect, trials, traces)), ...fromFields(trials, traces)];
}

function fromDialect(
  dialect: Dialect,
  trials: IntrusiveRecord['trials'],
  traces: readonly RequestTrace[],
): readonly Signal[] {
  const { software, isProxy, source } = dialect;
  const refused = [...new Set(trials.filter(({ by }) => by === software).map(({ endpoint }) => endpoint))];
  const endpoints = isProxy ? refused : refused.filter((endpoint) => isOther(dialect, endpoint, traces));
  const says = isProxy
    ? `${software} refuses a request that breaks the rules by itself`
    : `a request that breaks the rules is refused by ${software}, others are answered by another server: it passes them on`;
  const weight = isProxy ? 3 : 2;
  const product = software.startsWith('a ') ? null : software;
  const plain = { scope: null, shields: false } as const;
  return endpoints.length === 0
    ? []
    : [{ signal: 'refusal', says, layer: 7, product, ...plain, weight, endpoints, source }];
}

/** All ordinary answers name another server, and each names one. */
function isOther({ server }: Dialect, endpoint: EndpointId, traces: readonly RequestTrace[]): boolean {
  const answers = traces.flatMap((trace) => (trace.endpoint === endpoint && trace.http !== null ? [trace.http] : []));
  return (
    server !== null &&
    answers.length > 0 &&
    answers.every(({ headers }) => {
      const named = fieldValue(headers, 'server');
      return named !== null && !matches(named, server);
    })
  );
}

/** What a product writes into its own refusals; what ordinary answers have, too, has been told by them. */
function fromFields(trials: IntrusiveRecord['trials'], traces: readonly RequestTrace[]): readonly Signal[] {
  const fresh = fingerprints.filter((print) => !traces.some(({ http }) => http !== null && shows(http, print)));
  return fresh.flatMap((print): readonly Signal[] => {
    const refusals = trials.filter(({ status, headers }) => (status ?? 0) >= 400 && shows({ headers }, print));
    const endpoints = [...new Set(refusals.map(({ endpoint }) => endpoint))];
    const { says, product, scope, shields, weight, source } = print;
    const signal = `refusal: ${print.header}`;
    return endpoints.length === 0
      ? []
      : [{ signal, says, layer: 7, product, scope, shields, weight, endpoints, source }];
  });
}
