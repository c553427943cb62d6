// Owns the pages that blackbox_exporter has, by its paths: probe, config, logs, healthy, reload, and what it shows everywhere else.
import type { BlackboxConfig } from '../blackbox/config/modules.ts';
import { printBlackboxConfig } from '../blackbox/config/read.ts';
import type { Exposition } from '../blackbox/gauges.ts';
import { answerProbe, type ProbeRoom } from '../blackbox/handler.ts';
import type { History } from '../blackbox/history.ts';
import { shownTarget } from '../model/target.ts';
import { maskedText } from './log/masked-text.ts';
import { plain } from './plain-reply.ts';
import type { Asked, Reply, Route } from './server.ts';

export interface BlackboxAgent {
  readonly config: () => BlackboxConfig;
  readonly history: History;
  readonly room: Omit<ProbeRoom, 'config' | 'history' | 'signal'>;
  /** @returns why the new config was not taken; null when it was, or is the same */
  readonly reload: () => Promise<string | null>;
  /** True: there are no targets, and `/` is its page of recent probes. */
  readonly isAlone: boolean;
}

export function blackboxRoutes(agent: BlackboxAgent): Route {
  return async (asked) => {
    switch (asked.path) {
      case '/probe': {
        const { query, headers, signal } = asked;
        const scrapeTimeout = headers['x-prometheus-scrape-timeout-seconds']?.toString();
        const room = { ...agent.room, config: agent.config(), history: agent.history, signal };
        return answerProbe({ query, scrapeTimeout, exposition: expositionOf(asked) }, room);
      }
      case '/-/healthy':
        return plain(200, 'Healthy');
      case '/-/reload':
        return reloaded(asked, agent);
      case '/config':
        return { status: 200, contentType: 'text/plain', body: printBlackboxConfig(agent.config()) };
      case '/logs':
        return logs(asked.query, agent);
      case '/probes':
        return recentProbes(agent);
      default:
        // There every other path is that page too, and what asks for some of them as a sign of life gets its 200.
        return agent.isAlone && (asked.path === '/' || agent.room.quirks) ? recentProbes(agent) : null;
    }
  };
}

/** As with the exporter, whoever reads it sees what others asked for, whole; who mends its quirks has user info and queries covered. */
async function recentProbes({ history, config, room }: BlackboxAgent): Promise<Reply> {
  const { probesPage } = await import('../report/probes-page.ts');
  const results = history.list().toReversed();
  const rows = room.quirks ? results : results.map((one) => ({ ...one, target: shownTarget(one.target) }));
  const body = probesPage({ rows, modules: [...config().modules.keys()] });
  return {
    ...{ status: 200, contentType: 'text/html; charset=utf-8', body },
    headers: { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  };
}

async function reloaded({ method }: Asked, agent: BlackboxAgent): Promise<Reply> {
  if (method !== 'POST') return plain(405, 'This endpoint requires a POST request.\n');
  const refusal = await agent.reload();
  return refusal === null ? plain(200, '') : plain(500, `failed to reload config: ${refusal}\n`);
}

function logs(query: URLSearchParams, { history, room }: BlackboxAgent): Reply {
  const given = query.get('id') ?? '';
  const id = /^[-+]?\d{1,15}$/.test(given) ? Number(given) : null;
  const target = query.get('target') ?? '';
  const module = query.get('module') ?? '';
  if (id !== null && target !== '') return plain(400, "Probe id and target can't be defined at the same time\n");
  if ((id ?? -1) === -1 && target === '')
    return plain(400, 'Probe id or target must be defined as http query parameters\n');
  if (target === '' && module !== '')
    return plain(400, 'Probe module filter only works in conjunction with target parameter\n');
  const result = target === '' ? history.byId(id ?? -1) : history.byTarget(target, module === '' ? null : module);
  if (result === null) return plain(404, target === '' ? 'Probe id not found\n' : 'Probe target not found\n');
  return { status: 200, contentType: 'text/plain', body: room.quirks ? result.debug() : result.debug(maskedText) };
}

/** OpenMetrics only for who asks for it by name. */
export function expositionOf({ headers }: Pick<Asked, 'headers'>): Exposition {
  return /application\/openmetrics-text/.test(headers.accept ?? '') ? 'openmetrics' : 'text';
}
