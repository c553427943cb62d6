// Holds the README's table of what is refused at load to what is: nothing that cannot be done may pass, and nothing that can be is refused.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readBlackboxConfig } from '../config/read.ts';
import { unsupported } from '../config/unsupported.ts';

const OAUTH2 = 'oauth2: {client_id: c, token_url: "http://t"';
/** By the beginning of the row: modules, each with its refusal. Null: the command line refuses it, by what the system says. */
const REFUSED: Readonly<Record<string, Readonly<Record<string, RegExp>> | null>> = {
  '`enable_http3: true`': { 'prober: http, http: {enable_http3: true, enable_http2: false}': /HTTP\/3/ },
  '`proxy_url` of another scheme': {
    'prober: http, http: {proxy_url: "socks4://p"}': /only version 5/,
    'prober: http, http: {proxy_url: "ftp://p"}': /not the URL of a proxy/,
    'prober: websocket, websocket: {http_config: {proxy_url: "socks4a://p"}}': /only version 5/,
    [`prober: websocket, websocket: {http_config: {${OAUTH2}, proxy_url: "x://p"}}}`]: /oauth2: proxy_url is not/,
  },
  'keys that end in `_ref`': {
    'prober: http, http: {tls_config: {ca_ref: r}}': /_ref/,
    'prober: websocket, websocket: {http_config: {basic_auth: {username: u, password_ref: r}}}': /_ref/,
    [`prober: http, http: {${OAUTH2}, client_secret_ref: r}}`]: /_ref/,
    [`prober: http, http: {${OAUTH2}, client_certificate_key_ref: r}}`]: /_ref/,
  },
  '`icmp` modules': null,
};

const DONE = [
  'prober: http, http: {proxy_url: "socks5://u:p@h:1"}',
  'prober: http, http: {proxy_url: "https://h"}',
  'prober: websocket, websocket: {http_config: {proxy_from_environment: true}}',
  `prober: websocket, websocket: {http_config: {${OAUTH2}, proxy_url: "socks5h://h"}}}`,
  `prober: http, http: {${OAUTH2}, grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer"}}`,
  // Never read: the prober is another.
  'prober: tcp, http: {proxy_url: "ftp://p"}',
];

const told = (module: string): readonly string[] => unsupported(readBlackboxConfig(`modules: {m: {${module}}}`));

test('every row has its refusals', () => {
  const text = readFileSync('README.md', 'utf8');
  const table = text.slice(text.indexOf('| refused | because |')).split('\n\n')[0] ?? '';
  const rows = table.split('\n').slice(2);
  expect(rows.map((row) => Object.keys(REFUSED).find((begin) => row.startsWith(`| ${begin}`)))).toEqual(
    Object.keys(REFUSED),
  );
});

test.each(Object.values(REFUSED).flatMap((row) => Object.entries(row ?? {})))('%s is refused', (module, words) => {
  expect(told(module)).toEqual([expect.stringMatching(words)]);
});

test.each(DONE)('%s is not', (module) => {
  expect(told(module)).toEqual([]);
});
