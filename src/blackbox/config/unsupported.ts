// Owns what a blackbox.yml may say and this program cannot do: told when the file is loaded, because a probe that passes over it is a lie.
import type { BlackboxConfig, Module } from './modules.ts';

/** One line a module and key, with the reason. Empty: everything is done. */
export function unsupported({ modules }: BlackboxConfig): readonly string[] {
  return [...modules].flatMap(([name, module]) => reasons(module).map((reason) => `module ${name}: ${reason}`));
}

function reasons(module: Module): readonly string[] {
  const { prober, http, websocket } = module;
  const client = prober === 'http' ? http : prober === 'websocket' ? websocket.http_config : null;
  if (client === null) return [];
  const { oauth2, proxy_url, proxy_from_environment, tls_config, basic_auth, authorization } = client;
  const refs = [
    tls_config.ca_ref,
    tls_config.cert_ref,
    tls_config.key_ref,
    basic_auth?.username_ref,
    basic_auth?.password_ref,
    authorization?.credentials_ref,
  ];
  return [
    ...(http.enable_http3 && prober === 'http' ? ['enable_http3: Node.js has no HTTP/3 client'] : []),
    ...(oauth2 === null ? [] : ['oauth2: tokens are not fetched yet; use authorization with credentials_file']),
    ...(proxy_url === '' && !proxy_from_environment
      ? []
      : ['proxy_url, proxy_from_environment: proxies are not spoken to yet']),
    ...(refs.some((ref) => ref !== undefined && ref !== '')
      ? ['keys that end in _ref: there is no secret manager']
      : []),
  ];
}
