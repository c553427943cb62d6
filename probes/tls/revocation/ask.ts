// Owns asking the issuers' servers whether the certificates on the paths are revoked: OCSP by POST, and the revocation lists. Judges nothing.
import type { FetchNamed } from '../../../src/contract/net.ts';
import { addressScope } from '../../../src/model/address-scope.ts';
import type { Endpoint } from '../../../src/model/target.ts';
import { visible, type WireText } from '../../../src/model/text.ts';
import type { Certificate } from '../../../src/x509/certificate.ts';
import { type Crl, countRevoked, MAX_CRL_BYTES, readCrl } from '../../../src/x509/crl.ts';
import { unixMs } from '../../../src/x509/instant.ts';
import { MAX_OCSP_BYTES, ocspRequest, readOcspResponse } from '../../../src/x509/ocsp.ts';
import type { AskedRecord, RevocationEvidence, Statement } from '../evidence-revocation.ts';
import type { IssuerOf } from './issuers.ts';
import { fromCrl, fromOcsp, silent } from './statement.ts';

/** Certificates that are asked about, and places that are tried for one of them. */
const MAX_CERTIFICATES = 64;
const MAX_PLACES = 2;

export interface AskContext {
  readonly fetchNamed: FetchNamed;
  readonly endpoints: readonly Endpoint[];
  readonly issuerOf: IssuerOf;
  /** Wall clock, Unix ms. */
  readonly atMs: number;
  readonly signal: AbortSignal;
}

/** @param certificates on a path, but for those that sign themselves: nobody revokes a root in this way */
export async function askAbout(
  certificates: readonly Certificate[],
  context: AskContext,
): Promise<Required<Pick<RevocationEvidence, 'asked' | 'askedLeftOut'>>> {
  const chosen = certificates.slice(0, MAX_CERTIFICATES);
  const asked = await Promise.all(chosen.map((certificate) => askAboutOne(certificate, context)));
  return { asked: asked.flat(), askedLeftOut: certificates.length - chosen.length };
}

async function askAboutOne(certificate: Certificate, context: AskContext): Promise<readonly AskedRecord[]> {
  const { ocspUrls, crlUrls } = certificate.extensions;
  if (ocspUrls.length + crlUrls.length === 0) {
    const nobody = silent('the certificate names neither an OCSP responder nor a revocation list');
    return [{ ...base(certificate, 'none', null), ...nobody }];
  }
  const [ocsp, crl] = await Promise.all([
    firstBelieved(ocspUrls, (url) => askOcsp(url, certificate, context)),
    firstBelieved(crlUrls, (url) => askCrl(url, certificate, context)),
  ]);
  return [ocsp, crl].filter((one) => one !== null);
}

/** The first that is to be believed, else what the first gave. */
async function firstBelieved(
  urls: readonly WireText[],
  ask: (url: WireText) => Promise<AskedRecord>,
): Promise<AskedRecord | null> {
  let first: AskedRecord | null = null;
  for (const url of urls.slice(0, MAX_PLACES)) {
    const record = await ask(url);
    if (record.because === null) return record;
    first ??= record;
  }
  return first;
}

function base(
  { fingerprint }: Certificate,
  method: AskedRecord['method'],
  url: WireText | null,
): Omit<AskedRecord, keyof Statement> {
  return {
    ...{ certificate: fingerprint, method, url, crlNumberHex: null, crlEntries: null },
    ...{ kept: false, elapsedMs: 0 },
  };
}

/** Whoever probes a private network has its CA there as well; a public target must not send us into one. */
function reachOf(endpoints: readonly Endpoint[]): 'public' | 'any' {
  return endpoints.some(({ address }) => addressScope(address) === 'public') ? 'public' : 'any';
}

async function askOcsp(url: WireText, certificate: Certificate, context: AskContext): Promise<AskedRecord> {
  const { issuerOf, atMs, endpoints, signal } = context;
  const issuer = issuerOf(certificate);
  const request = issuer === null ? null : ocspRequest(certificate, issuer);
  const nothing = base(certificate, 'ocsp', url);
  if (request === null) {
    const because = 'the certificate of its issuer is not known here, and the question is made of it';
    return { ...nothing, ...silent(because), unchecked: true };
  }
  const fetched = await context.fetchNamed(
    {
      ...{ url: visible(url), maxBytes: MAX_OCSP_BYTES, reach: reachOf(endpoints), asOfMs: atMs },
      post: { body: request, contentType: 'application/ocsp-request' },
      keepUntilMs: (body) => {
        const next = readOcspResponse(body)?.basic?.singles[0]?.nextUpdate ?? null;
        return next === null ? null : unixMs(next);
      },
    },
    signal,
  );
  const { elapsedMs } = fetched;
  if (fetched.state === 'failed') return { ...nothing, elapsedMs, ...silent(visible(fetched.because)) };
  const statement = fromOcsp(readOcspResponse(fetched.body), certificate, issuer, atMs);
  return { ...nothing, ...statement, kept: fetched.kept, elapsedMs };
}

const lists = new WeakMap<Uint8Array, { readonly crl: Crl | null; readonly entries: number | null }>();

/** One body is read once, however many certificates it is about. */
function listIn(body: Uint8Array): { readonly crl: Crl | null; readonly entries: number | null } {
  const before = lists.get(body);
  if (before !== undefined) return before;
  const crl = readCrl(body);
  const list = { crl, entries: crl === null ? null : countRevoked(crl) };
  lists.set(body, list);
  return list;
}

async function askCrl(url: WireText, certificate: Certificate, context: AskContext): Promise<AskedRecord> {
  const { issuerOf, atMs, endpoints, signal } = context;
  const fetched = await context.fetchNamed(
    {
      ...{ url: visible(url), maxBytes: MAX_CRL_BYTES, reach: reachOf(endpoints), asOfMs: atMs },
      keepUntilMs: (body) => {
        const next = listIn(body).crl?.nextUpdate ?? null;
        return next === null ? null : unixMs(next);
      },
    },
    signal,
  );
  const nothing = base(certificate, 'crl', url);
  const { elapsedMs } = fetched;
  if (fetched.state === 'failed') return { ...nothing, elapsedMs, ...silent(visible(fetched.because)) };
  const { crl, entries } = listIn(fetched.body);
  const statement = fromCrl(crl, certificate, issuerOf(certificate));
  return {
    ...{ ...nothing, ...statement, kept: fetched.kept, elapsedMs },
    ...{ crlNumberHex: crl?.numberHex ?? null, crlEntries: entries },
  };
}
