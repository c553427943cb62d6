// Owns where a step's request goes: its URL put together, resolved against where it comes from. Opens secrets that stand in URLs.

import { Secret } from '../../model/secret.ts';
import { bareHost } from '../../model/target.ts';
import { UsageError } from '../../model/usage-error.ts';

export interface StepUrl {
  /** For the request. A secret when anything in it is. */
  readonly wire: string | Secret;
  /** Whole, for cookies and for what it redirects to. Never to be shown. */
  readonly href: string;
  readonly origin: string;
  readonly scheme: 'http' | 'https';
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** @throws UsageError; its message never repeats the URL */
export function stepUrl(given: string | Secret, base: string): StepUrl {
  const url = URL.parse(typeof given === 'string' ? given : given.open(), base);
  if (url === null) throw new UsageError('its URL cannot be read');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new UsageError('its URL is neither http nor https');
  url.hash = '';
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  return {
    wire: typeof given === 'string' ? url.href : new Secret('url', url.href),
    ...{ href: url.href, origin: url.origin, scheme, port },
    host: bareHost(url),
  };
}
