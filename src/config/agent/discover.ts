// Owns the key `discover` of the agent's file: which files, URLs and names of DNS name targets, how they are asked, how many they may name.
// Asks nobody.
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { DnsServer } from '../../contract/net.ts';
import { formatDuration, parseDuration } from '../../model/duration.ts';
import { type DnsName, dnsName } from '../../model/text.ts';
import { UsageError } from '../../model/usage-error.ts';
import { checkCredentials } from '../../net/auth/credentials.ts';
import { secretOf } from '../../net/call/secret-text.ts';
import { parseResolver } from '../../net/dns/server-text.ts';
import type { NamedService } from '../../net/named-services.ts';
import { type NamedTargets, unsendable } from '../../net/named-targets.ts';
import type { JourneyFileSources } from '../journey/journey.ts';
import { duration } from '../journey/ride.ts';
import { secretSchema, textSchema } from '../journey/text-schema.ts';
import { parseAt } from '../refusal.ts';
import { withSecrets } from '../secrets.ts';
import type { Written } from '../yaml.ts';
import { type Labels, labelsSchema } from './labels.ts';

export interface FilePlace {
  /** Absolute; `*` may stand in its last part. */
  readonly pattern: string;
  readonly refreshMs: number;
}

export interface HttpPlace {
  readonly url: string;
  readonly refreshMs: number;
  /** Absolute path of the roots; null: the system's. */
  readonly caFile: string | null;
  /** Read anew each time, as tokens in files are renewed. @throws UsageError with file and line */
  readonly shown: () => Promise<Shown>;
}

type Shown = Pick<NamedTargets, 'headers' | 'credentials'>;

export type DnsPlace = Omit<NamedService, 'caPem'> & { readonly refreshMs: number };

export interface Discover {
  readonly files: readonly FilePlace[];
  readonly http: readonly HttpPlace[];
  readonly dns: readonly DnsPlace[];
  /** Labels by the `__meta_` label whose value they take. */
  readonly keep: Labels;
  /** Targets that all of them may name together. */
  readonly most: number;
}

const MOST_SOURCES = 1000;
const MOST_TARGETS = 50_000;
const MOST_NAMES = 100;
/** A file that is read, or a server that is asked, more often than this is a mistyped unit. */
const LEAST_REFRESH_MS = 1000;
/** RFC 9110 5.6.2. */
const FIELD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Prometheus, file_sd_config: where `*` may stand, and how such files end. */
const PATTERN = /^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/;

const refreshSchema = duration.meta({
  description: `how often it is looked at; ${formatDuration(LEAST_REFRESH_MS)} at least`,
});

const files = z
  .array(
    z
      .string()
      .min(1)
      .refine(
        (path) => !path.includes('*') || PATTERN.test(path),
        '* may stand in the last part of a path that ends in .json, .yml or .yaml',
      ),
  )
  .max(MOST_SOURCES)
  .default([]);

export const httpPlace = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'not an http or https URL' })
    .refine((text) => !/^[^/?#]*\/\/[^/?#]*@/.test(text), 'credentials are written under auth:, not in the URL'),
  headers: z.record(z.string().regex(FIELD, 'not a header name (RFC 9110 5.6.2)'), textSchema).default({}),
  auth: z
    .strictObject({
      basic: z.strictObject({ user: textSchema, password: secretSchema }).optional(),
      bearer: secretSchema.optional(),
    })
    .refine((given) => Object.keys(given).length === 1, 'give one of basic, bearer')
    .optional(),
  caFile: z.string().min(1).optional(),
  refresh: refreshSchema.optional(),
});
type HttpValues = z.infer<typeof httpPlace>;

const dnsPlace = z
  .strictObject({
    names: z
      .array(z.string().refine((name) => dnsName(name) !== null, 'not a name of DNS'))
      .min(1)
      .max(MOST_NAMES),
    type: z.enum(['SRV', 'A', 'AAAA']).default('SRV'),
    port: z.int().min(1).max(65_535).optional(),
    scheme: z.enum(['https', 'http']).optional(),
    path: z
      .string()
      .regex(/^\/[^?#\s]*$/, 'a path begins with / and has no query')
      .max(1000)
      .optional(),
    resolvers: z.array(z.string().min(1)).min(1).max(8).optional(),
    refresh: refreshSchema.optional(),
  })
  .refine(({ type, port }) => type !== 'SRV' || port === undefined, {
    path: ['port'],
    error: 'SRV records tell the port themselves',
  })
  .refine(({ type, port }) => type === 'SRV' || port !== undefined, 'addresses want a port:');

export const discoverSchema = z.strictObject({
  files,
  http: z
    .array(z.union([z.string(), z.record(z.string(), z.unknown())], 'a URL, or a mapping with url:'))
    .max(MOST_SOURCES)
    .default([]),
  dns: z.array(dnsPlace).max(MOST_SOURCES).default([]),
  keep: labelsSchema
    .refine((labels) => Object.values(labels).every((meta) => meta.startsWith('__')), 'write LABEL: __meta_...')
    .default({}),
  most: z.int().min(1).max(MOST_TARGETS).default(MOST_TARGETS),
  refresh: refreshSchema.default('1m'),
});

/** Where secrets are read from; `readAgain` reads what was read before once more. */
export type DiscoverSources = Pick<JourneyFileSources, 'env' | 'readBytes'> & {
  readonly readAgain?: JourneyFileSources['readBytes'];
  /** Of `refresh:`; LEAST_REFRESH_MS without. */
  readonly leastRefreshMs?: number;
};

/** @param name of the file: paths in it are meant from its folder @throws UsageError with file and line */
export async function readDiscover(
  given: z.infer<typeof discoverSchema>,
  { place }: Pick<Written, 'place'>,
  name: string,
  sources: DiscoverSources,
): Promise<Discover> {
  const { leastRefreshMs = LEAST_REFRESH_MS } = sources;
  const inherited = refreshOf(given.refresh, leastRefreshMs, place(['discover', 'refresh']));
  const refreshMs: RefreshOf = (own, at) =>
    own === undefined ? inherited : refreshOf(own, leastRefreshMs, at(['refresh']));
  const whole = { name, sources, refreshMs };
  const http: HttpPlace[] = [];
  for (const [at, one] of given.http.entries()) {
    const here: Written['place'] = (path) => place(['discover', 'http', at, ...path]);
    http.push(await httpPlaceOf(typeof one === 'string' ? { url: one } : one, here, whole));
  }
  return {
    files: given.files.map((path) => ({ pattern: resolve(dirname(name), path), refreshMs: inherited })),
    http,
    dns: given.dns.flatMap(({ names, type, refresh, resolvers, port = null, scheme = null, path }, at) => {
      const here: Written['place'] = (inside) => place(['discover', 'dns', at, ...inside]);
      const asked = resolvers?.map((text) => resolverAt(text, here(['resolvers']))) ?? null;
      const everyMs = refreshMs(refresh, here);
      const target = { type, port, scheme, path: path ?? (scheme === null ? '' : '/') };
      return names.map((text) => ({
        ...{ ...target, name: dnsName(text) as DnsName, resolvers: asked, refreshMs: everyMs },
      }));
    }),
    ...{ keep: given.keep, most: given.most },
  };
}

/** Of one place; without a word of its own that of all. @throws UsageError with the line */
type RefreshOf = (own: string | undefined, place: Written['place']) => number;

function refreshOf(text: string, leastMs: number, place: string): number {
  const ms = parseDuration(text, 'refresh');
  if (ms < leastMs)
    throw new UsageError(`${place}: refresh: ${text} is too often`, `${formatDuration(leastMs)} is the least`);
  return ms;
}

function resolverAt(text: string, place: string): DnsServer {
  try {
    return parseResolver(text);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${place}: ${error.message}`, error.remedy);
    throw error;
  }
}

async function httpPlaceOf(
  value: Readonly<Record<string, unknown>>,
  place: Written['place'],
  {
    name,
    sources,
    refreshMs,
  }: {
    readonly name: string;
    readonly sources: DiscoverSources;
    readonly refreshMs: RefreshOf;
  },
): Promise<HttpPlace> {
  const readBy = async (readBytes: JourneyFileSources['readBytes']): Promise<HttpValues> => {
    const readFile = async (path: string): Promise<string> =>
      Buffer.from(await readBytes(resolve(dirname(name), path), 'file')).toString('utf8');
    const opened = await withSecrets({ value, place }, { env: sources.env, readFile });
    return parseAt<HttpValues>(httpPlace, opened, place, Object.keys(httpPlace.shape));
  };
  const first = await readBy(sources.readBytes);
  // Said now, and not at the first look.
  shownOf(first, place);
  return {
    url: first.url,
    refreshMs: refreshMs(first.refresh, place),
    caFile: first.caFile === undefined ? null : resolve(dirname(name), first.caFile),
    shown: async () => shownOf(await readBy(sources.readAgain ?? sources.readBytes), place),
  };
}

/** @throws UsageError with the line */
function shownOf({ headers, auth }: HttpValues, place: Written['place']): Shown {
  const given = Object.entries(headers).map(([field, text]) => [field, secretOf(text, `header ${field}`)] as const);
  const wrong = unsendable(given);
  if (wrong !== null)
    throw new UsageError(
      `${place(['headers', wrong])}: the value holds a sign that cannot be sent`,
      'one line is wanted',
    );
  const credentials = auth === undefined ? null : credentialsOf(auth);
  if (credentials !== null && given.some(([field]) => field.toLowerCase() === 'authorization'))
    throw new UsageError(`${place(['auth'])}: auth and a header Authorization are given`, 'leave one of the two out');
  try {
    if (credentials !== null) checkCredentials(credentials);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${place(['auth'])}: ${error.message}`, error.remedy);
    throw error;
  }
  return { headers: given, credentials };
}

function credentialsOf({ basic, bearer }: NonNullable<HttpValues['auth']>): Shown['credentials'] {
  if (basic !== undefined)
    return { scheme: 'basic', user: secretOf(basic.user, 'user'), password: secretOf(basic.password, 'password') };
  return bearer === undefined ? null : { scheme: 'bearer', token: secretOf(bearer, 'token') };
}
