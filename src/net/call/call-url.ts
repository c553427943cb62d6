// Owns which URL one request may go to. Pure; its messages never repeat the URL, which may hold a secret.
import { bareHost, ipAddress, type Target } from '../../model/target.ts';
import { dnsName } from '../../model/text.ts';
import { UsageError } from '../../model/usage-error.ts';

/** Redirects of single sign-on come near 4 KiB. */
const MAX_URL = 16_384;

/** @throws UsageError */
export function targetOfUrl(text: string): Target {
  const url = text.length > MAX_URL ? null : URL.parse(text);
  if (url === null) throw new UsageError('the URL of a request cannot be read', 'write https://HOST/PATH');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new UsageError(`a request goes over http or https, not over ${url.protocol.slice(0, 20)}`);
  if (url.username !== '' || url.password !== '')
    throw new UsageError('the URL of a request holds a user name or password', 'send them in a header');
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const plain = bareHost(url);
  const address = ipAddress(plain);
  const host = address ?? dnsName(plain);
  if (host === null) throw new UsageError('the host in the URL of a request is no host name');
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  if (port === 0) throw new UsageError('the URL of a request has port 0');
  url.hash = '';
  return { input: '', url: url.href, scheme, host, isAddress: address !== null, port };
}
