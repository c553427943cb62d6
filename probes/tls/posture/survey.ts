// Owns the survey beside the ride: every endpoint is asked little, one of them everything, all of it within a bound. Judges nothing.
import { createHash } from 'node:crypto';
import type { Hello } from '../../../src/contract/hello.ts';
import type { Gather, GatherContext } from '../../../src/contract/probe.ts';
import type { Json } from '../../../src/model/json.ts';
import type { Endpoint } from '../../../src/model/target.ts';
import { recordCertificate } from '../../../src/x509/certificate-record.ts';
import type { TlsCertificate } from '../evidence.ts';
import type { Posture, PostureEndpoint } from '../evidence-posture.ts';
import type { TlsOptions } from '../options.ts';
import { type Fingerprint, fingerprint, traitsOf, weakCipherOf } from './fingerprint.ts';
import { type Line, openLine } from './line.ts';
import { askEverything, type ThoroughResult } from './thorough.ts';

/** To the endpoint that is asked everything; to each other one; to those others together. */
const MAX_HELLOS = 40;
const FEW_HELLOS = 5;
const OTHERS_TOGETHER = 20;

/** What it hands over to `gather`. */
export interface Surveyed {
  readonly posture: Posture;
  /** Server certificates that hellos showed, by fingerprint. */
  readonly certificates: Readonly<Record<string, TlsCertificate>>;
}

export const survey: Gather<Json, TlsOptions> = async (context) => {
  const beganMs = context.net.now();
  const { hello } = context.net;
  if (!context.options.survey || hello === undefined || context.target.scheme === 'http')
    return { state: 'skipped', because: 'no hellos of its own were asked for' };
  const value = await surveyed(context, hello);
  return { state: 'complete', value: value as unknown as Json, elapsedMs: context.net.now() - beganMs };
};

interface Asked {
  readonly line: Line;
  readonly found: Fingerprint;
}

async function surveyed(
  { endpoints, net, signal, startedAtMs }: GatherContext<TlsOptions>,
  hello: Hello,
): Promise<Surveyed> {
  const certificates = new Map<string, TlsCertificate>();
  const digest = (der: Uint8Array): string => {
    const print = createHash('sha256').update(der).digest('hex');
    if (!certificates.has(print)) certificates.set(print, recordCertificate(der, startedAtMs).record);
    return print;
  };
  const others = Math.max(1, endpoints.length - 1);
  const few = Math.max(1, Math.min(FEW_HELLOS, Math.floor(OTHERS_TOGETHER / others)));
  const chosen = endpoints.slice(0, 1 + OTHERS_TOGETHER);
  const asking = chosen.map(async (endpoint, index): Promise<Asked> => {
    const line = openLine(endpoint, { hello, hellos: index === 0 ? FEW_HELLOS : few, now: () => net.now(), signal });
    return { line, found: await fingerprint(line) };
  });
  const thorough = await firstThatAnswers(asking, digest);
  const byEndpoint = (await Promise.all(asking)).map(({ line, found }, index) =>
    recordOf(chosen[index] as Endpoint, { line, found }, thorough?.line === line ? thorough.result : null, digest),
  );
  const posture: Posture = { byEndpoint, endpointsLeftOut: endpoints.length - chosen.length };
  return { posture, certificates: Object.fromEntries(certificates) };
}

/** In the order of the endpoints, so that two journeys ask the same one while it answers. */
async function firstThatAnswers(
  asking: readonly Promise<Asked>[],
  digest: (der: Uint8Array) => string,
): Promise<{ readonly line: Line; readonly result: ThoroughResult } | null> {
  for (const asked of asking) {
    const { line, found } = await asked;
    if (found.clear === null && found.newest === null) continue;
    line.grant(MAX_HELLOS - line.sent() - line.left());
    return { line, result: await askEverything(line, found, digest) };
  }
  return null;
}

function recordOf(
  { id, zone }: Endpoint,
  { line, found }: Asked,
  result: ThoroughResult | null,
  digest: (der: Uint8Array) => string,
): PostureEndpoint {
  return {
    endpoint: id,
    zone,
    hellos: line.sent(),
    cutShort: line.cutShort(),
    protocols: found.protocols.rows(line.isCutOff()),
    weakCipher: weakCipherOf(found.weak),
    traits: traitsOf(found.clear, digest),
    thorough: result?.thorough ?? null,
  };
}
