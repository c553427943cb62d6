// Owns the agent's own pages: metrics, status, kept journeys, config, health. What they show is made elsewhere.
import { type Format, MEDIA_TYPES } from '../metrics/exposition.ts';
import type { Journey } from '../model/journey.ts';
import { writeJson } from '../report/json.ts';
import type { Agent } from './agent.ts';
import { expositionOf } from './blackbox-routes.ts';
import type { Reloadable } from './reloads.ts';
import { type ScrapeRoom, scrape } from './scrape.ts';
import type { Asked, Reply, Route } from './server.ts';
import { statusOf } from './status.ts';

export interface AgentPages {
  readonly agent: Agent | null;
  readonly scrape: ScrapeRoom;
  /** Of the config of targets; null without one. */
  readonly reloadable: Reloadable | null;
  /** True: POST /-/reload reads the config again. */
  readonly takesReload: boolean;
  /** With every secret covered. */
  readonly config: () => Promise<string>;
  /** False before everything is there, and from the moment that the agent ends. */
  readonly isReady: () => boolean;
  readonly wallClockMs: () => number;
  readonly html: (journey: Journey) => Promise<string>;
  /** `module=journey`, where the modules' own file has none of that name. */
  readonly journey: (asked: Asked, format: Format) => Promise<Reply>;
  readonly hasModule: (name: string) => boolean;
  /** Pages of the modules of /probe; none without their config. */
  readonly below: Route | null;
}

const JOURNEY = 'journey';
const PLAIN = 'text/plain; charset=utf-8';
const plain = (status: number, body: string): Reply => ({ status, contentType: PLAIN, body });
const HTML = 'text/html; charset=utf-8';
/** A page of the agent is of this moment. */
const FRESH = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' };

export function agentRoutes(pages: AgentPages): Route {
  return async (asked) => {
    const found = await own(asked, pages);
    return found ?? (await pages.below?.(asked)) ?? null;
  };
}

async function own(asked: Asked, pages: AgentPages): Promise<Reply | null> {
  const { path } = asked;
  switch (path) {
    case '/metrics': {
      const format = expositionOf(asked);
      return { status: 200, contentType: MEDIA_TYPES[format], body: await scrape(pages.scrape, format) };
    }
    case '/probe':
      return asked.query.get('module') !== JOURNEY || pages.hasModule(JOURNEY)
        ? null
        : pages.journey(asked, expositionOf(asked));
    case '/-/healthy':
      return plain(200, 'Healthy');
    case '/-/ready':
      return pages.isReady() ? plain(200, 'Ready') : plain(503, 'Not ready');
    case '/-/reload':
      return reloaded(asked, pages);
    case '/config':
      return pages.agent === null ? null : plain(200, await pages.config());
    case '/':
      return pages.agent === null ? null : statusReply(asked, pages, pages.agent);
    default:
      return pages.agent === null || !path.startsWith('/journeys/') ? null : keptReply(asked, pages, pages.agent);
  }
}

async function reloaded(asked: Asked, { reloadable, takesReload, below }: AgentPages): Promise<Reply | null> {
  if (reloadable === null) return null;
  if (asked.method !== 'POST') return plain(405, 'This endpoint requires a POST request.\n');
  if (!takesReload && below === null)
    return plain(403, 'Reloading over HTTP is off: start with --enable-reload, or send SIGHUP.\n');
  const refusal = takesReload ? await reloadable.reload() : null;
  if (refusal !== null) return plain(500, `failed to reload config: ${refusal}\n`);
  return below === null ? plain(200, '') : below(asked);
}

async function statusReply({ query }: Asked, { wallClockMs }: AgentPages, agent: Agent): Promise<Reply> {
  const { statusPage } = await import('../report/status-page.ts');
  const body = statusPage(statusOf(agent, wallClockMs(), query.get('q') ?? ''));
  return { status: 200, contentType: HTML, body, headers: FRESH };
}

/** As a page, or as JSON for who asks for it or writes `.json`. */
async function keptReply({ path, headers }: Asked, { html }: AgentPages, agent: Agent): Promise<Reply> {
  const [, id = '', ending] = /^\/journeys\/([0-9a-zA-Z-]{1,64})(\.json|\.html)?$/.exec(path) ?? [];
  const text = id === '' ? null : await agent.kept.read(id);
  if (text === null) return plain(404, 'No journey of this id is kept. It may have been let go for newer ones.\n');
  const journey = JSON.parse(text) as Journey;
  const wantsJson = ending === '.json' || (ending === undefined && /application\/json/.test(headers.accept ?? ''));
  return wantsJson
    ? { status: 200, contentType: 'application/json', body: writeJson(journey), headers: FRESH }
    : { status: 200, contentType: HTML, body: await html(journey), headers: FRESH };
}
