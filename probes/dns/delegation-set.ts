// Owns the rules by which operators hand out the name servers of one zone, and what breaks them. Names only; asks nobody.
import { interpret, type WireText } from '../../src/model/text.ts';

/** A name that looks like an operator's and cannot be one of its hand-outs, or a set that cannot be one. */
export interface Oddity {
  readonly operator: string;
  readonly names: readonly WireText[];
  /** Completes "NAMES cannot be OPERATOR's:". */
  readonly because: string;
}

interface Part {
  readonly name: WireText;
  /** Groups of the operator's look-alike pattern. */
  readonly groups: readonly string[];
}

interface Rule {
  readonly operator: string;
  /** Anything that a person would take for the operator's. */
  readonly looksLike: RegExp;
  /** Why this one name cannot be; null when it can. */
  readonly one: (groups: readonly string[]) => string | null;
  /** Why these names, each possible, cannot be one hand-out; null when they can. */
  readonly together: (groups: readonly (readonly string[])[]) => string | null;
}

const STRIPES = ['com', 'net', 'org', 'co.uk'] as const;
const AZURE_ZONES = ['com', 'net', 'org', 'info'] as const;
const NUMBERS_A_STRIPE = 512;

const rules: readonly Rule[] = [
  {
    // 2048 names: 512 in each of four top-level domains, eight numbers to a domain, 64 domains. Each zone gets one of each
    // (aws.amazon.com/blogs/architecture/a-case-study-in-global-fault-isolation); the numbers as seen in every real set.
    operator: 'Route 53',
    looksLike: /^ns(-?\w*)\.awsdns(-?\w*)\.([a-z.]+)$/,
    one: ([number = '', domain = '', end = '']) => {
      const at = /^-\d{1,4}$/.test(number) ? Number(number.slice(1)) : Number.NaN;
      const stripe = STRIPES[Math.floor(at / NUMBERS_A_STRIPE)];
      if (stripe === undefined) return 'its servers are ns-0 to ns-2047';
      if (end !== stripe) return `number ${at} is under .${stripe}`;
      const right = `-${String((at >> 3) & 63).padStart(2, '0')}`;
      return domain === right ? null : `number ${at} is in awsdns${right}`;
    },
    together: (parts) =>
      isRepeated(parts.map(([, , end = '']) => end)) ? 'a zone gets one of each top-level domain' : null,
  },
  {
    operator: 'Google Cloud DNS',
    looksLike: /^ns-cloud(-?\w*)\.googledomains\.([a-z.]+)$/,
    one: ([server = '', end = '']) =>
      /^-[a-z][1-4]$/.test(server) && end === 'com'
        ? null
        : 'its servers are a letter and 1 to 4, under googledomains.com',
    together: (parts) =>
      new Set(parts.map(([server = '']) => server[1])).size > 1 ? 'a zone gets the four of one letter' : null,
  },
  {
    // National clouds have a domain of their own (azure-dns.cn), with all four in it.
    operator: 'Azure DNS',
    looksLike: /^ns(\w*)-(\w+)\.azure-dns\.(com|net|org|info)$/,
    one: ([number = '', , end = '']) => {
      const right = /^[1-4]$/.test(number) ? AZURE_ZONES[Number(number) - 1] : undefined;
      if (right === undefined) return 'its servers are ns1 to ns4';
      return end === right ? null : `ns${number} is under .${right}`;
    },
    together: (parts) =>
      new Set(parts.map(([, set = '']) => set)).size > 1 ? 'a zone gets four of the same number' : null,
  },
];

/** Nothing for names that no rule knows. A set with fewer servers than handed out is no oddity: part of a set is a choice. */
export function odditiesOf(names: readonly WireText[]): readonly Oddity[] {
  return rules.flatMap((rule) => {
    const parts = names.flatMap((name): readonly Part[] => {
      const groups = groupsOf(name, rule.looksLike);
      return groups === null ? [] : [{ name, groups }];
    });
    const single = parts.flatMap(({ name, groups }): readonly Oddity[] => {
      const because = rule.one(groups);
      return because === null ? [] : [{ operator: rule.operator, names: [name], because }];
    });
    const possible = parts.filter(({ groups }) => rule.one(groups) === null);
    const because = possible.length < 2 ? null : rule.together(possible.map(({ groups }) => groups));
    const set = { operator: rule.operator, names: possible.map(({ name }) => name) };
    return because === null ? single : [...single, { ...set, because }];
  });
}

/** True when a rule knows one of the names. */
export function hasRule(names: readonly WireText[]): boolean {
  return names.some((name) => rules.some(({ looksLike }) => groupsOf(name, looksLike) !== null));
}

function groupsOf(name: WireText, pattern: RegExp): readonly string[] | null {
  return interpret(name, (raw): readonly string[] | null => pattern.exec(raw)?.slice(1) ?? null);
}

function isRepeated(values: readonly string[]): boolean {
  return new Set(values).size < values.length;
}
