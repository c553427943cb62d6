// Owns the agent's config as /config shows it: as written, with whatever may be a secret covered. Never reads what a reference names.
import { stringify } from 'yaml';
import { readYaml } from '../yaml.ts';

/** As Prometheus covers them. */
const COVER = '<secret>';
/** What stands below these is what is sent, or a key. */
const COVERED = new Set([
  ...['headers', 'body', 'json', 'form', 'password', 'token', 'secret', 'auth', 'cookies'],
  // Of modules.
  ...['bearer_token', 'basic_auth', 'authorization', 'oauth2', 'http_headers', 'proxy_connect_header', 'metadata'],
  ...['query_response'],
]);
/** Below these a `key` is one, and not the name of a file. */
const KEYED = 'tls_config';
/** A reference tells where a secret is, and nothing of it. */
const REFERENCE = /^(?:(?:Bearer|Basic|Token|ApiKey) )?\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;

export async function maskedConfig(text: string, name: string): Promise<string> {
  const { value } = await readYaml(text, name);
  return stringify(masked(value, false, ''));
}

function masked(node: unknown, isCovered: boolean, below: string): unknown {
  if (Array.isArray(node)) return node.map((item) => masked(item, isCovered, below));
  if (typeof node === 'object' && node !== null)
    return Object.fromEntries(
      Object.entries(node).map(([key, inner]) => [
        key,
        masked(inner, key !== 'file' && (isCovered || isCover(key.toLowerCase(), below)), key.toLowerCase()),
      ]),
    );
  if (node === null || node === undefined) return node;
  if (isCovered) return typeof node === 'string' && REFERENCE.test(node) ? node : COVER;
  return typeof node === 'string' ? withoutCredentials(node) : node;
}

function isCover(key: string, below: string): boolean {
  return COVERED.has(key) || (below === KEYED && key === 'key');
}

/** A target needs no scheme, nor has its query to name what it says. */
const HAS_QUERY = /:\/\/|^[^\s?]*[./:][^\s?]*\?\S+$/;

/** What a URL carries of them: before the @, and in the query. And a key is one wherever it stands. */
function withoutCredentials(text: string): string {
  if (text.includes('PRIVATE KEY-----')) return COVER;
  return text
    .replace(/\/\/[^/@\s]*@/, `//${COVER}@`)
    .replace(/\?.*$/s, (query) => (HAS_QUERY.test(text) ? `?${COVER}` : query));
}
