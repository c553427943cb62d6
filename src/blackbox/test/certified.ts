// Owns certificates for servers in tests: one root, and leaves for here.example and this machine's addresses.
import { createAuthority } from '../../demo/pki/authority.ts';
import { issue } from '../../demo/pki/certificate.ts';
import { ecKeys } from '../../demo/pki/keys.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.now();
const authority = createAuthority('Blackbox', NOW_MS);

export const ROOT_PEM = authority.rootCertificate.pem;
/** Unix seconds. */
export const NOT_AFTER = Math.floor((NOW_MS + 30 * DAY_MS) / 1000);

export function identity(names: readonly string[] = ['here.example']): { readonly cert: string; readonly key: string } {
  const keys = ecKeys();
  const leaf = issue({
    subject: { commonName: names[0] ?? 'nobody', ...keys },
    issuer: authority.intermediate,
    notBefore: NOW_MS - DAY_MS,
    notAfter: NOT_AFTER * 1000,
    names,
  });
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { cert: leaf.pem + authority.intermediateCertificate.pem, key };
}
