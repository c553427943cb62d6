// Owns reading announced rate limits in the forms that are in use. Pure.
import {
  decimal,
  type Fields,
  fieldValue,
  isNamed,
  listOf,
  memberOf,
  parameter,
  parameterOf,
} from '../../src/model/fields.ts';
import { httpDate, rfc3339, serverTime } from '../../src/model/http-date.ts';
import { capture, interpret, matches, sameText, split, textKey, type WireText } from '../../src/model/text.ts';
import type { AnnouncedLimit } from './evidence.ts';

/** An answer announces few; what is beyond is left. */
const MAX_ANNOUNCED = 8;
/** A reset from here on is a point in Unix time (September 2001 and later), not a number of seconds to wait, ... */
const EPOCH_SECONDS = 1_000_000_000;
/** ... and from here on one in milliseconds. */
const EPOCH_MS = 1_000_000_000_000;
/** Nobody waits longer for a window to end: clocks that are set wrong give such numbers. */
const LONGEST_RESET_SECONDS = 31_622_400;
const WINDOWS = { second: 1, minute: 60, hour: 3600, day: 86_400, month: 2_592_000, year: 31_536_000 } as const;

type Announced = Omit<AnnouncedLimit, 'endpoint'>;
type Unit = AnnouncedLimit['unit'];

const NOTHING = { name: null, limit: null, windowSeconds: null, remaining: null, resetSeconds: null } as const;

/** Every limit that one answer announces. `nowMs`: the clock here, for servers that do not send Date; null where it is not known. */
export function rateLimitsOf(headers: Fields, nowMs: number | null = null): readonly Announced[] {
  const policy = fieldValue(headers, 'ratelimit-policy');
  const clock = clockOf(headers, nowMs);
  const all = [...structured(headers), ...dictionary(headers), ...separate(headers, clock), ...usedOf(headers)];
  const told = all.filter(({ limit, remaining }) => limit !== null || remaining !== null);
  // A policy alone, as some send it until it begins to matter.
  const policies = told.some(({ form }) => form !== 'x-ratelimit') ? [] : policiesOf(headers).map(fromPolicy);
  return [...told, ...policies].slice(0, MAX_ANNOUNCED).map((each) => ({ ...each, policy }));
}

/** The one of them that strikes first, among those that count requests. */
export function rateLimitOf(headers: Fields, nowMs: number | null = null): Announced | null {
  return tightest(rateLimitsOf(headers, nowMs));
}

/** Share left, then number left; those that tell neither come last. */
export function tightest<T extends Announced>(all: readonly T[]): T | null {
  const share = ({ limit, remaining }: T): number =>
    remaining === null ? Number.POSITIVE_INFINITY : remaining / Math.max(1, limit ?? remaining);
  const requests = all.filter(({ unit }) => unit === 'requests');
  return requests.toSorted((a, b) => share(a) - share(b) || (a.remaining ?? 0) - (b.remaining ?? 0))[0] ?? null;
}

interface Quota {
  readonly name: WireText;
  readonly quota: number | null;
  readonly windowSeconds: number | null;
  readonly unit: Unit;
}

/** `"burst";q=100;w=60` of draft-08 and later, `100;w=60` of those before. */
function policiesOf(headers: Fields): readonly Quota[] {
  return listOf(headers, 'ratelimit-policy').map((piece) => {
    const member = memberOf(piece);
    return {
      name: member.value,
      quota: decimal(parameter(member, 'q')) ?? decimal(member.value),
      windowSeconds: decimal(parameter(member, 'w')),
      unit: unitOf(parameter(member, 'qu')),
    };
  });
}

function fromPolicy({ name, quota, windowSeconds, unit }: Quota): Omit<Announced, 'policy'> {
  const isNumber = decimal(name) !== null;
  return { ...NOTHING, name: isNumber ? null : name, limit: quota, windowSeconds, unit, form: 'structured' };
}

/** Quota units of draft-09 and later. */
function unitOf(unit: WireText | null): Unit {
  if (unit === null || sameText(unit, 'requests')) return 'requests';
  return sameText(unit, 'concurrent-requests') ? 'concurrent-requests' : 'other';
}

/** `RateLimit: "name";r=42;t=18` with `RateLimit-Policy: "name";q=100;w=60`: draft-ietf-httpapi-ratelimit-headers-08 to -11. */
function structured(headers: Fields): readonly Omit<Announced, 'policy'>[] {
  const policies = policiesOf(headers);
  return listOf(headers, 'ratelimit').flatMap((piece) => {
    const member = memberOf(piece);
    const remaining = decimal(parameter(member, 'r'));
    if (remaining === null) return [];
    const own = policies.find(({ name }) => sameText(name, member.value));
    const { quota: limit = null, windowSeconds = null, unit = 'requests' } = own ?? {};
    const resetSeconds = decimal(parameter(member, 't'));
    return [{ name: member.value, limit, windowSeconds, remaining, resetSeconds, unit, form: 'structured' as const }];
  });
}

/** `RateLimit: limit=100, remaining=42, reset=18`: draft-07. */
function dictionary(headers: Fields): readonly Omit<Announced, 'policy'>[] {
  const members = listOf(headers, 'ratelimit').map(parameterOf);
  const value = (name: string): number | null =>
    decimal(members.find((each) => isNamed(each.name, name))?.value ?? null);
  const limit = value('limit');
  const windowSeconds = windowOf(headers, limit);
  const figures = { limit, windowSeconds, remaining: value('remaining'), resetSeconds: value('reset') };
  return [{ ...NOTHING, ...figures, unit: 'requests', form: 'ratelimit' }];
}

/** Of the policy with that quota, or of the only one. */
function windowOf(headers: Fields, limit: number | null): number | null {
  const policies = policiesOf(headers);
  const own = policies.find(({ quota }) => quota === limit) ?? (policies.length === 1 ? policies[0] : undefined);
  return own?.windowSeconds ?? null;
}

type Part = 'limit' | 'remaining' | 'reset' | 'reset-after' | 'used' | 'window-ms';

/** Field names that carry one figure each. The group `name` tells several limits apart. */
const NAMES: readonly { readonly pattern: RegExp; readonly part: Part; readonly form: Announced['form'] }[] = [
  // Drafts -00 to -06; GitHub, Kong, Envoy and most others with X-.
  ...(['limit', 'remaining', 'reset'] as const).flatMap((part) => [
    { pattern: new RegExp(`^ratelimit-${part}(?<name>)$`, 'i'), part, form: 'ratelimit' as const },
    // Kong ends them in -Minute; OpenAI in -requests, -tokens; X (Twitter) writes X-Rate-Limit-.
    {
      pattern: new RegExp(`^x-rate-?limit-${part}(?:-(?!after$)(?<name>[a-z0-9-]{1,40}))?$`, 'i'),
      part,
      form: 'x-ratelimit' as const,
    },
    {
      pattern: new RegExp(`^anthropic-ratelimit-(?<name>[a-z-]{1,40})-${part}$`, 'i'),
      part,
      form: 'x-ratelimit' as const,
    },
  ]),
  // Discord: the same as -Reset, in seconds from now.
  { pattern: /^x-rate-?limit-reset-after(?<name>)$/i, part: 'reset-after', form: 'x-ratelimit' },
  // GitHub and Reddit.
  { pattern: /^x-rate-?limit-used(?<name>)$/i, part: 'used', form: 'x-ratelimit' },
  { pattern: /^x-hubspot-ratelimit-max(?<name>)$/i, part: 'limit', form: 'x-ratelimit' },
  { pattern: /^x-hubspot-ratelimit-remaining(?<name>)$/i, part: 'remaining', form: 'x-ratelimit' },
  { pattern: /^x-hubspot-ratelimit-interval-milliseconds(?<name>)$/i, part: 'window-ms', form: 'x-ratelimit' },
  // Azure Resource Manager.
  { pattern: /^x-ms-ratelimit-remaining-(?<name>[a-z0-9-]{1,60})$/i, part: 'remaining', form: 'x-ratelimit' },
];

interface Figure {
  readonly part: Part;
  readonly form: Announced['form'];
  readonly name: WireText | null;
  readonly value: WireText;
}

function figuresOf(headers: Fields): readonly Figure[] {
  return headers.flatMap(([key, value]) => {
    // Most fields are none: one look at the letters that all have spares a dozen patterns.
    if (!matches(key, /rate-?limit/i)) return [];
    const found = NAMES.find(({ pattern }) => matches(key, pattern));
    if (found === undefined) return [];
    const name = capture(key, found.pattern);
    return [{ part: found.part, form: found.form, name: name === null || sameText(name, '') ? null : name, value }];
  });
}

/** Fields of one figure each, put together by what their names share. */
function separate(headers: Fields, clock: Clock): readonly Omit<Announced, 'policy'>[] {
  const groups = Map.groupBy(figuresOf(headers), ({ form, name }) => (name === null ? form : textKey(name)));
  return [...groups.values()].flatMap((figures) => {
    const [first] = figures;
    return first === undefined ? [] : [together(first, figures, headers, clock)];
  });
}

function together(
  { form, name }: Figure,
  figures: readonly Figure[],
  headers: Fields,
  clock: Clock,
): Omit<Announced, 'policy'> {
  const text = (part: Part): WireText | null => figures.find((figure) => figure.part === part)?.value ?? null;
  const number = (part: Part): number | null => leading(text(part));
  const remaining = number('remaining');
  const used = number('used');
  const limit = number('limit') ?? (used === null || remaining === null ? null : used + remaining);
  const ms = number('window-ms');
  const windowSeconds =
    ms === null
      ? (windowIn(text('limit'), limit) ?? namedWindow(name) ?? policyWindow(headers, form, limit))
      : ms / 1000;
  const resetSeconds = number('reset-after') ?? resetOf(text('reset'), clock);
  return { form, name, limit, remaining, windowSeconds, resetSeconds, unit: unitOfName(name) };
}

/** `10, 10;w=1, 50;w=60` (drafts to -03, Envoy), `100;w=21600` (Docker Hub): the first number is the one in force. */
function leading(value: WireText | null): number | null {
  const [first] = value === null ? [] : split(value, ',');
  return first === undefined ? null : decimal(memberOf(first).value);
}

/** The window that stands beside the same quota. */
function windowIn(value: WireText | null, limit: number | null): number | null {
  const members = value === null ? [] : split(value, ',').map(memberOf);
  const own = members.find((member) => decimal(member.value) === limit && parameter(member, 'w') !== null);
  return own === undefined ? null : decimal(parameter(own, 'w'));
}

function policyWindow(headers: Fields, form: Announced['form'], limit: number | null): number | null {
  return form === 'ratelimit' ? windowOf(headers, limit) : null;
}

/** Kong: the name ends in the window. */
function namedWindow(name: WireText | null): number | null {
  if (name === null) return null;
  const found = Object.entries(WINDOWS).find(([word]) =>
    interpret(name, (raw) => raw.toLowerCase() === word || raw.toLowerCase().endsWith(`-${word}`)),
  );
  return found?.[1] ?? null;
}

/** A limit with a name may count anything: tokens, bytes, points. */
function unitOfName(name: WireText | null): Unit {
  const counts = name === null || namedWindow(name) !== null || matches(name, /request|read|write|^rpm$/i);
  return counts ? 'requests' : 'other';
}

/** Shopify: `32/40`, used of the whole. */
function usedOf(headers: Fields): readonly Omit<Announced, 'policy'>[] {
  const value = fieldValue(headers, 'x-shopify-shop-api-call-limit');
  if (value === null) return [];
  const part = (group: 1 | 2): number | null => decimal(capture(value, /^\s*(\d{1,9})\s*\/\s*(\d{1,9})\s*$/, group));
  const [used, limit] = [part(1), part(2)];
  if (used === null || limit === null) return [];
  return [{ ...NOTHING, limit, remaining: Math.max(0, limit - used), unit: 'requests', form: 'x-ratelimit' }];
}

/** Unix ms by the server's clock, null when neither it nor ours is known. */
type Clock = number | null;

function clockOf(headers: Fields, nowMs: number | null): Clock {
  return nowMs === null ? httpDate(fieldValue(headers, 'date'), 0) : serverTime(headers, nowMs);
}

/** Seconds until a reset that is a duration (`18`, `6m0s`) or a point in time (Unix seconds or ms, RFC 3339, an HTTP date). */
function resetOf(value: WireText | null, clock: Clock): number | null {
  if (value === null) return null;
  const number = leading(value);
  if (number !== null && number < EPOCH_SECONDS) return number <= LONGEST_RESET_SECONDS ? number : null;
  const duration = goDuration(value);
  if (duration !== null) return duration;
  const at =
    number === null ? (rfc3339(value) ?? httpDate(value, clock ?? 0)) : number < EPOCH_MS ? number * 1000 : number;
  if (at === null || clock === null) return null;
  const seconds = Math.max(0, Math.round((at - clock) / 1000));
  return seconds <= LONGEST_RESET_SECONDS ? seconds : null;
}

const GO_UNITS = { h: 3600, m: 60, s: 1, ms: 0.001 } as const;

/** `6m0s`, `17ms`: as Go writes durations, and OpenAI sends them. */
function goDuration(value: WireText): number | null {
  return interpret(value, (raw) => {
    if (!/^(?:\d{1,6}(?:\.\d{1,6})?(?:ms|[hms])){1,4}$/.test(raw)) return null;
    const parts = [...raw.matchAll(/(\d+(?:\.\d+)?)(ms|[hms])/g)];
    return parts.reduce((sum, [, number, unit]) => sum + Number(number) * GO_UNITS[unit as keyof typeof GO_UNITS], 0);
  });
}
