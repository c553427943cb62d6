// Owns journeys that nobody wishes to read: hostile text in every field, many endpoints, none, an early end.
// Never touches what the schema fixes (severities, hop names, problem codes): such a file is refused before any report.
import type { Section } from '../../contract/section.ts';
import type { Journey } from '../../model/journey.ts';
import type { Hop } from '../../model/latency.ts';
import { type Endpoint, endpointId } from '../../model/target.ts';
import type { IpAddress, WireText } from '../../model/text.ts';
import { hopIds } from '../../model/trace.ts';
import { journeyOf, sections, summaryOf } from './fixture.ts';

/** Text by what it attacks. */
export const PAYLOADS = {
  'escape sequences': '\u001b[2J\u001b]0;owned\u0007\u009b31m\r\n\0\t\u007f',
  'direction and zero width': '\u202egpj\u2066\u200b\ufeff\u2069\u3164\u{e0041}\u{e0101}',
  'halves of surrogates': '\ud83d\ude80\ud800 \udc00',
  'wide characters': '漢字かな交じり文 한국어 🚀🇩🇪👩🏽‍🚀 ｗｉｄｅ ',
  'combining marks': 'z\u0301\u0302\u0303\u0304\u0305\u0306 e\u0301 ❤\ufe0f 1\ufe0f\u20e3 ',
  'one endless word': 'x'.repeat(700),
  'endless wide word': '漢'.repeat(400),
  'markup of HTML': `</title></style><script>alert(1)</script><img src=x onerror=alert(2)>"><svg onload='alert(3)'>&lt;`,
  'markup of Markdown':
    '| a | b\n# h\n- [x](javascript:alert(1)) ![i](http://evil.example/) `c` **b** @team #1 <b>\n\n---\n',
  'shell syntax': `'; touch owned; $(id) \`id\` "$HOME" #`,
} as const satisfies Record<string, string>;

/** Words of the schema: an enumeration decides over them. */
const FIXED = new Set(['schema', 'scheme', 'zoneSource', 'state', 'code', 'fault', 'step', 'kind', 'clock']);
const JUDGED = new Set(['severity', 'verdict', 'outcome', 'confidence']);

function spoiled(value: unknown, payload: string, key: string): unknown {
  if (typeof value === 'string') {
    const fixed = FIXED.has(key) || JUDGED.has(key) || (hopIds as readonly string[]).includes(value);
    return fixed ? value : `${payload}${value}`;
  }
  if (Array.isArray(value)) return value.map((item) => spoiled(item, payload, key));
  if (typeof value !== 'object' || value === null) return value;
  const named = key === 'probes' || key === 'evidence' || key === 'errors';
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      named ? `${payload}${name}` : name,
      spoiled(inner, payload, named ? '' : name),
    ]),
  );
}

/** The journey with the payload before every free text; equal texts stay equal, so that references hold. */
export function spoiledJourney(payload: string, journey: Journey = openJourney()): Journey {
  return spoiled(journey, payload, '') as Journey;
}

export function spoiledSections(payload: string): readonly Section[] {
  return spoiled(sections, payload, '') as readonly Section[];
}

/** Cut short, one probe failed with words from the wire, one skipped, one cut off. */
export function openJourney(): Journey {
  const journey = journeyOf(20);
  const problem = {
    code: 'tls-alert',
    fault: 'target',
    step: 'tls',
    detail: 'alert 40' as unknown as WireText,
  } as const;
  return {
    ...journey,
    complete: false,
    probes: {
      ...journey.probes,
      tls: { state: 'failed', elapsedMs: 3, problem, because: null },
      hosts: { state: 'unfinished', elapsedMs: 3, problem: null, because: null },
      access: { state: 'skipped', elapsedMs: 0, problem: null, because: 'not asked for' },
    },
  };
}

/** Nothing was reached: no endpoint, no hop, nothing judged. */
export function emptyJourney(): Journey {
  const none = { endpoints: [], hops: [], findings: [], answers: [], checks: [], evidence: {}, probes: {} };
  return { ...journeyOf(1), ...none, complete: false, verdict: 'unknown' };
}

/** Forty endpoints of both families with long addresses, no zones, different ports; every fourth never answers. */
export function crowdedJourney(): Journey {
  const journey = journeyOf(20);
  const endpoints = Array.from({ length: 40 }, (_, index): Endpoint => {
    const part = (0x1000 + index).toString(16);
    const address = (
      index % 2 === 0 ? `2001:db8:aaaa:bbbb:cccc:dddd:eeee:${part}` : `198.51.100.${index}`
    ) as IpAddress;
    const port = 40_000 + index;
    const family = index % 2 === 0 ? 6 : 4;
    return { id: endpointId(address, port), address, port, family, zone: null, zoneSource: null, ttlSeconds: null };
  });
  const hops = endpoints.flatMap((endpoint, index): readonly Hop[] =>
    (['connect', 'tls', 'wait', 'total'] as const).map((id) => ({
      id,
      endpoint: endpoint.id,
      zone: null,
      attempts: 20,
      failures: index % 4 === 0 && id === 'connect' ? 20 : 0,
      errors: index % 4 === 0 && id === 'connect' ? { 'connect-timeout': 12, refused: 5, reset: 2, 'no-route': 1 } : {},
      clock: 'loop',
      latencyMs: index % 4 === 0 ? null : summaryOf([index + 0.5, 10_000 * (index + 1)]),
    })),
  );
  const [finding] = journey.findings;
  const findings = endpoints.map((endpoint) => ({
    ...(finding as NonNullable<typeof finding>),
    endpoint: endpoint.id,
    zone: null,
  }));
  return { ...journey, endpoints, hops, findings, verdict: 'warning' };
}
