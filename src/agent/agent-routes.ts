// Owns the agent's own pages: metrics, status, kept journeys, config, health. What they show is made elsewhere.
import { type Format, MEDIA_TYPES } from '../metrics/exposition.ts';
import type { Journey } from '../model/journey.ts';
import { writeJson } from '../report/json.ts';
import type { Agent } from './agent.ts';
import type { AskedJourney } from './asked-journeys.ts';
import { expositionOf } from './blackbox-routes.ts';
import { type AskingRoom, askReply, pendingReply } from './journeys-route.ts';
import { plain } from './plain-reply.ts';
import type { Probing } from './probing.ts';
import type { Reloadable } from './reloads.ts';
import { type ScrapeRoom, scrape } from './scrape.ts';
import type { Asked, Reply, Route } from './server.ts';
import { statusOf } from './status.ts';

export interface AgentPages {
  readonly agent: Agent | null;
  /** Targets of modules; null without the config of targets. */
  readonly probing: Probing | null;
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
  readonly asking: AskingRoom;
  /** Pages of the modules of /probe; none without their config. */
  readonly below: Route | null;
}

const JOURNEY = 'journey';
const HTML = 'text/html; charset=utf-8';
/** A page of the agent is of this moment. */
const FRESH = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' };

export function agentRoutes(pages: AgentPages): Route {
  const any = async (asked: Asked): Promise<Reply | null> =>
    (await own(asked, pages)) ?? (await pages.below?.(asked)) ?? null;
  return (asked) => (asked.path === '/probe' ? withinBound(asked, pages.asking, any) : any(asked));
}

/** A client has so many probes under way, and no more. */
async function withinBound(asked: Asked, { clients }: AskingRoom, route: Route): Promise<Reply | null> {
  const leave = clients.enter(asked.from);
  if (leave === null)
    return {
      ...plain(429, 'As many probes of this client are under way as --max-probes-per-client permits.\n'),
      headers: { 'retry-after': '1' },
    };
  try {
    return await route(asked);
  } finally {
    leave();
  }
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
    case '/journeys':
      return askReply(asked, pages.asking);
    default:
      if (path.startsWith('/probes/')) return pages.probing === null ? null : probeReply(path, pages.probing);
      return path.startsWith('/journeys/') ? keptReply(asked, pages) : null;
  }
}

async function reloaded(asked: Asked, { reloadable, takesReload, below }: AgentPages): Promise<Reply | null> {
  if (reloadable === null) return null;
  if (asked.method !== 'POST') return plain(405, 'This endpoint requires a POST request.\n');
  if (!takesReload && below === null)
    return plain(403, 'Reloading over HTTP is off: start with --enable-reload, or send SIGHUP.\n');
  // Modules first: targets may name new ones.
  const ofModules = (await below?.(asked)) ?? plain(200, '');
  const refusal = takesReload ? await reloadable.reload() : null;
  return refusal === null ? ofModules : plain(500, `failed to reload config: ${refusal}\n`);
}

async function statusReply({ query }: Asked, pages: AgentPages, agent: Agent): Promise<Reply> {
  const { probing, wallClockMs, asking } = pages;
  const { statusPage } = await import('../report/status-page.ts');
  const status = statusOf({ agent, probing, asked: asking.journeys }, wallClockMs(), query.get('q') ?? '');
  const body = statusPage(status, pages.below !== null);
  return { status: 200, contentType: HTML, body, headers: FRESH };
}

/** A failed probe by a module: its log, its metrics, its module. */
function probeReply(path: string, probing: Probing): Reply {
  const [, id = ''] = /^\/probes\/([0-9a-zA-Z-]{1,64})$/.exec(path) ?? [];
  const text = id === '' ? null : probing.page(id);
  if (text === null)
    return plain(404, 'No probe of this id is kept: failed ones are, until newer ones take their place.\n');
  return { ...plain(200, text), headers: FRESH };
}

/** As a page, or as JSON for who asks for it or writes `.json`. */
async function keptReply({ path, headers }: Asked, { html, agent, asking }: AgentPages): Promise<Reply> {
  const [, id = '', ending] = /^\/journeys\/([0-9a-zA-Z-]{1,64})(\.json|\.html)?$/.exec(path) ?? [];
  const wantsJson = ending === '.json' || (ending === undefined && /application\/json/.test(headers.accept ?? ''));
  const text = id === '' ? null : ((await asking.journeys.kept.read(id)) ?? (await agent?.kept.read(id)) ?? null);
  if (text === null) {
    const known = asking.journeys.find(id);
    if (known !== undefined) return wantsJson ? pendingReply(known) : pendingPage(known);
    return plain(404, 'No journey of this id is kept. It may have been let go for newer ones.\n');
  }
  const journey = JSON.parse(text) as Journey;
  return wantsJson
    ? { status: 200, contentType: 'application/json', body: writeJson(journey), headers: FRESH }
    : { status: 200, contentType: HTML, body: await html(journey), headers: FRESH };
}

async function pendingPage(known: AskedJourney): Promise<Reply> {
  const { askedPage } = await import('../report/asked-page.ts');
  return { ...pendingReply(known), contentType: HTML, body: askedPage(known), headers: FRESH };
}
