// Owns reading what a health endpoint says into a list of dependencies with their states. Pure, bounded, and never throws: the document is a stranger's.
import { isJsonObject, type JsonObject, jsonOf } from '../../src/model/json-text.ts';
import { matches, type WireText, wireText } from '../../src/model/text.ts';
import type { HealthFormat, HealthState } from './evidence.ts';

export interface HealthDependency {
  /** `parent/child` where they are nested. */
  readonly name: WireText;
  readonly state: HealthState;
  /** The word that was used for it. */
  readonly says: WireText | null;
}

export interface HealthDocument {
  readonly format: HealthFormat;
  readonly state: HealthState;
  readonly dependencies: readonly HealthDependency[];
}

/** As the record has it. */
const MAX_DEPENDENCIES = 64;
const MAX_DEPTH = 4;
const MAX_NAME = 120;
const MAX_WORD = 60;

const WORDS: readonly (readonly [HealthState, RegExp])[] = [
  ['up', /^(?:pass(?:ing|ed)?|ok(?:ay)?|up|healthy|available|alive|ready|green|running|connected|operational|true)$/i],
  ['degraded', /^(?:warn(?:ing)?|degraded|yellow|partial(?:ly[ _-].*)?|impaired)$/i],
  [
    'down',
    /^(?:fail(?:ed|ing|ure)?|down|error|unhealthy|out_of_service|unavailable|red|critical|dead|disconnected|outage|false)$/i,
  ],
];
/** Where the parts of a service stand: health+json, Spring, ASP.NET, Terminus (Node.js), and what people write by hand. */
const CONTAINERS = [
  'checks',
  'components',
  'entries',
  'details',
  'dependencies',
  'services',
  'results',
  'info',
  'error',
];
const STATES = ['status', 'state', 'health', 'healthy', 'ok', 'up'];

/** Null for what says nothing of health: a page, an error of somebody else. */
export function readHealth(contentType: WireText | null, body: string): HealthDocument | null {
  const kubernetes = verboseText(body);
  if (kubernetes !== null) return kubernetes;
  const value = jsonOf(body);
  if (typeof value === 'string') return oneWord(value);
  if (!isJsonObject(value)) return oneWord(body);
  const state = stateIn(value);
  const dependencies = dependenciesIn(value, '', 0).slice(0, MAX_DEPENDENCIES);
  if (state === null && dependencies.length === 0) return null;
  return { format: formatOf(contentType, value), state: state?.state ?? worst(dependencies), dependencies };
}

/** A body that is one word. */
function oneWord(text: string): HealthDocument | null {
  const word = text.trim();
  if (word.length > MAX_WORD) return null;
  const state = stateOf(word);
  return state === 'unknown' ? null : { format: 'json', state, dependencies: [] };
}

function stateOf(word: string): HealthState {
  return WORDS.find(([, pattern]) => pattern.test(word.trim()))?.[0] ?? 'unknown';
}

function stateIn(value: JsonObject): { readonly state: HealthState; readonly says: WireText } | null {
  for (const key of STATES) {
    const own = Object.hasOwn(value, key) ? value[key] : undefined;
    const word = typeof own === 'object' && own !== null ? (own as Record<string, unknown>)['status'] : own;
    if (typeof word === 'string' || typeof word === 'boolean')
      return { state: stateOf(String(word)), says: wireText(String(word), MAX_WORD) };
  }
  return null;
}

function dependenciesIn(value: JsonObject, path: string, depth: number): readonly HealthDependency[] {
  if (depth >= MAX_DEPTH) return [];
  const found = CONTAINERS.flatMap((key) => (Object.hasOwn(value, key) ? membersOf(value[key], path, depth) : []));
  const names = new Set<string>();
  // Terminus tells the same part under `info` or `error` and under `details`.
  return found.filter(({ name }) => {
    const key = name as unknown as string;
    return names.has(key) ? false : Boolean(names.add(key));
  });
}

function membersOf(container: unknown, path: string, depth: number): readonly HealthDependency[] {
  const members: readonly (readonly [string, unknown])[] = Array.isArray(container)
    ? container.slice(0, MAX_DEPENDENCIES).map((each: unknown, at) => [nameIn(each) ?? String(at), each])
    : isJsonObject(container)
      ? Object.entries(container).slice(0, MAX_DEPENDENCIES)
      : [];
  return members
    .flatMap(([key, member]) => memberOf(path === '' ? key : `${path}/${key}`, member, depth))
    .slice(0, MAX_DEPENDENCIES);
}

function nameIn(value: unknown): string | null {
  if (!isJsonObject(value)) return null;
  const name = value['name'] ?? value['id'] ?? value['component'];
  return typeof name === 'string' ? name : null;
}

function memberOf(name: string, member: unknown, depth: number): readonly HealthDependency[] {
  if (typeof member === 'string' || typeof member === 'boolean') {
    const state = stateOf(String(member));
    // `"version": "1.2"` beside the states is none.
    return state === 'unknown' ? [] : [dependency(name, state, String(member))];
  }
  // health+json: a list of measurements for each name; the worst of them counts.
  if (Array.isArray(member)) {
    const all = member.slice(0, MAX_DEPENDENCIES).flatMap((each: unknown) => memberOf(name, each, depth + 1));
    const state = worst(all);
    return all.length === 0 ? [] : [all.find((each) => each.state === state) ?? dependency(name, state, state)];
  }
  if (!isJsonObject(member)) return [];
  const own = stateIn(member);
  const below = dependenciesIn(member, name, depth + 1);
  return own === null ? below : [{ name: wireText(name, MAX_NAME), ...own }, ...below];
}

function dependency(name: string, state: HealthState, says: string): HealthDependency {
  return { name: wireText(name, MAX_NAME), state, says: wireText(says, MAX_WORD) };
}

export function worst(all: readonly Pick<HealthDependency, 'state'>[]): HealthState {
  const order: readonly HealthState[] = ['down', 'degraded', 'unknown', 'up'];
  return order.find((state) => all.some((each) => each.state === state)) ?? 'unknown';
}

function formatOf(contentType: WireText | null, value: JsonObject): HealthFormat {
  if (contentType !== null && matches(contentType, /^application\/health\+json/i)) return 'health+json';
  if (contentType !== null && matches(contentType, /^application\/vnd\.spring-boot\.actuator/i)) return 'spring';
  const status = typeof value['status'] === 'string' ? value['status'] : '';
  if (/^(?:UP|DOWN|OUT_OF_SERVICE)$/.test(status)) return 'spring';
  if (/^(?:Healthy|Degraded|Unhealthy)$/.test(status)) return 'aspnet';
  return /^(?:pass|warn|fail)$/.test(status) ? 'health+json' : 'json';
}

/** `[+]etcd ok`, `[-]poststarthook/x failed: reason withheld`: kube-apiserver's /readyz?verbose. */
function verboseText(body: string): HealthDocument | null {
  const lines = body.split('\n', MAX_DEPENDENCIES * 2);
  const found = lines.flatMap((line) => {
    const [, sign, name = '', says = ''] = /^\[([+-])\]([^\s]{1,200}) ([^:\r]{1,60})/.exec(line.slice(0, 400)) ?? [];
    return sign === undefined ? [] : [dependency(name, sign === '+' ? 'up' : 'down', says)];
  });
  if (found.length === 0) return null;
  const dependencies = found.slice(0, MAX_DEPENDENCIES);
  return { format: 'kubernetes', state: worst(dependencies), dependencies };
}
