// Owns what Prometheus rules ask of a certificate's expiry that they will not be told: families that fall silent, or speak nonsense, when it matters.
// Pure: reads expressions by the names in them, and refuses nothing.
import { isUnverified } from './lint.ts';
import type { BlackboxConfig } from './modules.ts';

export interface Rule {
  /** Of `expr` in its file. */
  readonly path: readonly (string | number)[];
  /** Name of the alert; null: a series is recorded. */
  readonly alert: string | null;
  readonly record: string | null;
  readonly expr: string;
}

export interface RuleFinding {
  /** Stable name of the rule of the lint. */
  readonly rule: (typeof ALERT_RULES)[number];
  readonly alert: string;
  readonly path: Rule['path'];
  readonly says: string;
  readonly remedy: string;
}

export const ALERT_RULES = ['silent-expiry', 'nonsense-expiry', 'expiry-tied-to-success'] as const;

const EARLIEST = 'probe_ssl_earliest_cert_expiry';
const LAST_CHAIN = 'probe_ssl_last_chain_expiry_timestamp_seconds';
/** They stay when the certificate is refused. */
const LASTING = /(?<![\w:])probe_ssl_(?:breaks|served|leaf|chain)_/;
const BREAKS = 'probe_ssl_breaks_timestamp_seconds';

/** Rules of a file of Prometheus, or of a PrometheusRule of its operator. What has another shape is none. */
export function rulesIn(value: unknown): readonly Rule[] {
  const inner = fieldOf(value, 'spec');
  const [start, groups] = inner === undefined ? [[], fieldOf(value, 'groups')] : [['spec'], fieldOf(inner, 'groups')];
  return listOf(groups).flatMap((group, at) =>
    listOf(fieldOf(group, 'rules')).flatMap((rule, number) => {
      const expr = fieldOf(rule, 'expr');
      if (typeof expr !== 'string') return [];
      const path = [...start, 'groups', at, 'rules', number, 'expr'];
      return [{ path, expr, alert: textOf(fieldOf(rule, 'alert')), record: textOf(fieldOf(rule, 'record')) }];
    }),
  );
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** @param rules of all files: one may use what another records */
export function lintRules<R extends Rule>(
  rules: readonly R[],
  config: BlackboxConfig,
): readonly (RuleFinding & { readonly of: R })[] {
  const careless = [...config.modules].find(([, module]) => isUnverified(module))?.[0] ?? null;
  const recorded = new Map(rules.flatMap(({ record, expr }) => (record === null ? [] : [[record, bare(expr)]])));
  return rules.flatMap((rule) => {
    const { alert, path } = rule;
    if (alert === null) return [];
    return saidOf(spelledOut(bare(rule.expr), recorded), careless).map((said) => ({ alert, path, of: rule, ...said }));
  });
}

function saidOf(expr: string, careless: string | null): readonly Omit<RuleFinding, 'alert' | 'path'>[] {
  const names = (family: string): boolean => new RegExp(`(?<![\\w:])${family}(?![\\w:])`).test(expr);
  const [earliest, last] = [names(EARLIEST), names(LAST_CHAIN)];
  const found: Omit<RuleFinding, 'alert' | 'path'>[] = [];
  if ((earliest || last) && !LASTING.test(expr))
    found.push({
      rule: 'silent-expiry',
      says: `${earliest ? EARLIEST : LAST_CHAIN} is absent as soon as the certificate is refused, so that the alert ends on the day it is for${earliest ? '; and it counts certificates that are served and that no path needs' : ''}`,
      remedy: `alert on ${BREAKS}, which stays, and name the certificate by probe_ssl_breaks_info`,
    });
  if (last && careless !== null && !/(?<![\w:])probe_ssl_last_chain_expiry_timestamp_seconds[^<>=!]*>\s*0\b/.test(expr))
    found.push({
      rule: 'nonsense-expiry',
      says: `${LAST_CHAIN} is -62135596800 where the module does not verify, as "${careless}" does not: the alert fires for ever`,
      remedy: `alert on ${BREAKS}, which is told there too; or start probe serve with --no-quirks`,
    });
  if (
    (earliest || last || LASTING.test(expr)) &&
    /(?<![\w:])probe_success(?:\s*\{[^}]*\})?\s*==\s*(?:bool\s+)?1\b/.test(expr)
  )
    found.push({
      rule: 'expiry-tied-to-success',
      says: 'the alert is tied to probe_success == 1: a service that fails, perhaps by its certificate, hides that it ends',
      remedy: 'take probe_success out of it: whether a probe fails is another alert',
    });
  return found;
}

/** Without strings and comments, in which a name means nothing. */
function bare(expr: string): string {
  return expr.replaceAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/g, '""').replaceAll(/#.*$/gm, '');
}

/** How deep one recorded series may stand on another. */
const MOST_DEPTH = 5;
/** Characters that are put in place of names. */
const MOST_LENGTH = 100_000;

/** With what recorded series stand for; where that grows beyond bounds, names stay. */
function spelledOut(expr: string, recorded: ReadonlyMap<string, string>): string {
  let [text, left] = [expr, MOST_LENGTH];
  for (let depth = 0; depth < MOST_DEPTH; depth += 1) {
    const next = text.replaceAll(/[a-zA-Z_:][\w:]*/g, (name) => {
      const stands = recorded.get(name);
      if (stands === undefined || stands.length > left) return name;
      left -= stands.length;
      return `(${stands})`;
    });
    if (next === text) return text;
    text = next;
  }
  return text;
}
