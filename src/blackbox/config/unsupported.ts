// Owns what a blackbox.yml may say and this program cannot do: told when the file is loaded, because a probe that passes over it is a lie.

import { BadProxy, type ProxyConfig, proxyOf } from '../proxy-choice.ts';
import type { BlackboxConfig, Module } from './modules.ts';

/** One line a module and key, with the reason. Empty: everything is done. */
export function unsupported({ modules }: BlackboxConfig): readonly string[] {
  return [...modules].flatMap(([name, module]) => reasons(module).map((reason) => `module ${name}: ${reason}`));
}

function reasons(module: Module): readonly string[] {
  const { prober, http, websocket } = module;
  const client = prober === 'http' ? http : prober === 'websocket' ? websocket.http_config : null;
  if (client === null) return [];
  const { oauth2, tls_config, basic_auth, authorization } = client;
  const refs = [
    tls_config.ca_ref,
    tls_config.cert_ref,
    tls_config.key_ref,
    basic_auth?.username_ref,
    basic_auth?.password_ref,
    authorization?.credentials_ref,
    oauth2?.client_secret_ref,
    oauth2?.client_certificate_key_ref,
    oauth2?.tls_config.ca_ref,
    oauth2?.tls_config.cert_ref,
    oauth2?.tls_config.key_ref,
  ];
  return [
    ...(http.enable_http3 && prober === 'http' ? ['enable_http3: Node.js has no HTTP/3 client'] : []),
    ...(oauth2 === null ? [] : proxyRefusal(oauth2).map((words) => `oauth2: ${words}`)),
    ...proxyRefusal(client),
    ...(refs.some((ref) => ref !== undefined && ref !== '')
      ? ['keys that end in _ref: there is no secret manager']
      : []),
  ];
}

/** The environment's proxies are known only when a probe asks for them. */
function proxyRefusal({ proxy_url, no_proxy }: ProxyConfig): readonly string[] {
  if (proxy_url === '') return [];
  // With no_proxy a URL without scheme is one of http (httpproxy's parseProxy).
  const text = no_proxy === '' || /:\/\/[^/]/.test(proxy_url) ? proxy_url : `http://${proxy_url}`;
  try {
    proxyOf(text, 'proxy_url');
    return [];
  } catch (error) {
    if (error instanceof BadProxy) return [error.message];
    throw error;
  }
}
