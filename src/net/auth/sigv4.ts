// Owns signing one request by AWS Signature Version 4. What the signature covers is what nobody on the way changes: method, path, query,
// host, content type, AWS's own fields and the body.
import { createHash } from 'node:crypto';
import aws4 from 'aws4';
import type { SignatureCredentials } from '../../model/credentials.ts';
import { Secret } from '../../model/secret.ts';
import type { Signable } from './authorization.ts';

/** X-Amzn-Trace-Id is not among them: balancers write into it. */
const COVERED = /^(host|content-type|content-md5|x-amz-.*)$/i;

export function signatureFields(
  credentials: SignatureCredentials,
  { method, path, headers, body, atMs }: Signable,
): { readonly fields: readonly (readonly [string, Secret])[]; readonly signature: Secret } {
  const { sessionToken } = credentials;
  const own: readonly (readonly [string, string])[] = [
    ['x-amz-date', signingTime(atMs)],
    ...(sessionToken === null ? [] : [['x-amz-security-token', sessionToken.open()] as const]),
    // S3 wants it; the others may have it.
    ['x-amz-content-sha256', payloadHash(body)],
  ];
  const covered = [...headers.filter(([name]) => COVERED.test(name)), ...own];
  const value = authorizationOf(credentials, { method, path, headers: covered, body, atMs });
  const fields = [...own, ['authorization', value] as const].map(
    ([name, text]) => [name, new Secret(name, text)] as const,
  );
  return { fields, signature: new Secret('signature', value.replace(/^.*Signature=/, '')) };
}

/** Over every one of the fields given. */
export function authorizationOf(credentials: SignatureCredentials, request: Signable): string {
  const { accessKeyId, secretAccessKey, region, service } = credentials;
  const keys = { accessKeyId: accessKeyId.open(), secretAccessKey: secretAccessKey.open() };
  const { method, path, headers, body, atMs } = request;
  const signer = new aws4.RequestSigner(
    {
      ...{ method, path, region, service, doNotModifyHeaders: true },
      headers: Object.fromEntries(joined(headers)),
      ...(body === null ? {} : { body: Buffer.from(body) }),
    },
    keys,
  );
  signer.datetime = signingTime(atMs);
  signer.prepareRequest();
  return signer.authHeader();
}

/** Several fields of one name are one, with commas. */
function joined(headers: Signable['headers']): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  return values;
}

/** ISO 8601, basic format, whole seconds. */
function signingTime(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[:-]|\.\d{3}/g, '');
}

function payloadHash(body: Uint8Array | null): string {
  return createHash('sha256')
    .update(body ?? '')
    .digest('hex');
}
