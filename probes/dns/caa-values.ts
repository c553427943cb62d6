// Owns which CAA values hold for a certificate that is served, and their parameters (RFC 8657). Pure, and judges nothing.
import { capture, type DnsName, interpret, matches, sameText, split, type WireText } from '../../src/model/text.ts';
import type { TlsCertificate, TlsEvidence } from '../tls/evidence.ts';
import { caaDomain } from './certificate-issuers.ts';
import type { CaaEvidence, CaaSetEvidence } from './evidence.ts';

export interface Leaf {
  readonly fingerprint: string;
  readonly certificate: TlsCertificate;
}

/** Every certificate that an endpoint presented as its own, once. */
export function leavesOf({ byEndpoint, certificates }: TlsEvidence): readonly Leaf[] {
  const chains = byEndpoint.flatMap((record) => [record, ...record.otherChains]);
  const fingerprints = new Set(chains.flatMap(({ chainSent }) => chainSent.slice(0, 1)));
  return [...fingerprints].flatMap((fingerprint) => {
    const certificate = certificates[fingerprint];
    return certificate === undefined ? [] : [{ fingerprint, certificate }];
  });
}

export interface HoldingValues {
  readonly set: CaaSetEvidence;
  readonly tag: 'issue' | 'issuewild';
  readonly values: readonly WireText[];
  /** The renewal asks for a wildcard certificate. */
  readonly wildcard: boolean;
}

/** The closest record set above the certificate's name, and the values that count for it; null when nothing restricts it. */
export function holdingValues(caa: CaaEvidence, certificate: TlsCertificate, name: string): HoldingValues | null {
  const wildcard = isByWildcard(certificate, name);
  // RFC 8659 3: for *.example.com the climb begins at example.com.
  const set = caa.asked.slice(wildcard ? 1 : 0).find(({ records }) => records > 0);
  if (set === undefined) return null;
  // RFC 8659 4.3: issuewild counts instead of issue where there is any.
  const tag = wildcard && set.issuewild.length > 0 ? 'issuewild' : 'issue';
  return { set, tag, values: set[tag], wildcard };
}

/** True when the name stands in the certificate by `*` only. */
function isByWildcard({ sans }: TlsCertificate, name: string): boolean {
  if (sans.some((san) => sameText(san, name))) return false;
  return sans.some((san) =>
    interpret(san, (raw): boolean => raw.toLowerCase() === `*.${name.split('.').slice(1).join('.')}`),
  );
}

/** What RFC 8657 adds to an issuer's domain. */
export interface Binding {
  readonly domain: DnsName | null;
  readonly accounts: readonly WireText[];
  /** Lower case, each once; null without the parameter. */
  readonly methods: readonly string[] | null;
  /** Parameters that break their format: an issuer must not issue by such a value. */
  readonly broken: boolean;
}

/** Parameters of other names are the issuer's own and hold nobody else. */
export function bindingOf(value: WireText): Binding {
  const [, ...parameters] = split(value, ';', 16);
  const accounts = parameters.flatMap((one) => captured(one, 'accounturi'));
  const lists = parameters.flatMap((one) => captured(one, 'validationmethods'));
  const methods = lists.flatMap((one) => interpret(one, methodsIn));
  const broken =
    accounts.length > 1 ||
    lists.length > 1 ||
    accounts.some((one) => !matches(one, /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i)) ||
    methods.some((one) => one === null);
  const known = methods.flatMap((one) => one?.name ?? []);
  return { domain: caaDomain(value), accounts, methods: lists.length === 0 ? null : [...new Set(known)], broken };
}

/** The value of the parameter, as wire text still. */
function captured(parameter: WireText, name: 'accounturi' | 'validationmethods'): readonly WireText[] {
  const pattern = name === 'accounturi' ? /^accounturi[ \t]*=[ \t]*(.*)$/i : /^validationmethods[ \t]*=[ \t]*(.*)$/i;
  const value = capture(parameter, pattern);
  return value === null ? [] : [value];
}

/** RFC 8657 4: labels of letters, digits and hyphens between commas. */
function methodsIn(raw: string): readonly ({ readonly name: string } | null)[] {
  return raw.split(',', 16).map((one) => {
    const name = one.trim().toLowerCase();
    return /^[a-z0-9-]{1,64}$/.test(name) ? { name } : null;
  });
}
