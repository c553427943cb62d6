// Owns which URL out of a stranger's document may be gone to, and at which address. Pure; sends nothing.
import { addressScope, answersMetadata } from '../../model/address-scope.ts';
import { bareHost, ipAddress } from '../../model/target.ts';
import { type DnsName, dnsName, type IpAddress } from '../../model/text.ts';

export interface NamedUrl {
  readonly url: URL;
  readonly port: number;
  readonly host: { readonly address: IpAddress } | { readonly name: DnsName };
}

const MAX_URL = 1024;

/** Null and the reason when the URL is not for us to follow. */
export function namedUrl(text: string): NamedUrl | { readonly because: string } {
  const url = text.length > MAX_URL ? null : URL.parse(text);
  if (url === null) return { because: 'its URL cannot be read' };
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { because: `its URL is ${url.protocol} not http` };
  if (url.username !== '' || url.password !== '') return { because: 'its URL holds a user name' };
  const port = url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port);
  if (port === 0) return { because: 'its URL cannot be read' };
  const plain = bareHost(url);
  const address = ipAddress(plain);
  if (address !== null) return { url, port, host: { address } };
  const name = dnsName(plain);
  return name === null ? { because: 'the host of its URL is no name' } : { url, port, host: { name } };
}

/** The first address that may be gone to; null when there is none. Documentation, multicast and the like are nobody's. */
export function reachable(addresses: readonly IpAddress[], reach: 'public' | 'any'): IpAddress | null {
  const allowed = addresses.find((address) => {
    const scope = addressScope(address);
    if (scope === 'public') return !answersMetadata(address);
    return reach === 'any' && (scope === 'private' || scope === 'loopback' || scope === 'link');
  });
  return allowed ?? null;
}

/** Redirects are followed within the host that the document names, and to nobody else. */
export function redirected(from: NamedUrl, location: string): NamedUrl | { readonly because: string } {
  const url = URL.parse(location, from.url);
  if (url === null) return { because: 'it redirects to what is no URL' };
  if (url.hostname !== from.url.hostname) return { because: 'it redirects to another host' };
  return namedUrl(url.href);
}
