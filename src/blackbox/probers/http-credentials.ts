// Owns the headers that a module's credentials become. Files are read anew for each request, as the exporter does. Nothing of them is logged.
import { readFileSync } from 'node:fs';
import type { HeadersConfig } from '../config/client.ts';
import type { HttpModule } from '../config/modules.ts';

/** @throws Error naming the file that cannot be read */
function textOf(inline: string, file: string): string {
  if (file === '') return inline;
  return readFileSync(file, 'utf8').trim();
}

/** Value of Authorization; null: the module has no credentials. @throws Error for a file that cannot be read */
export function authorizationOf({
  basic_auth,
  authorization,
}: Pick<HttpModule, 'basic_auth' | 'authorization'>): string | null {
  if (basic_auth !== null) {
    const name = textOf(basic_auth.username, basic_auth.username_file);
    const password = textOf(basic_auth.password, basic_auth.password_file);
    return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  }
  if (authorization === null) return null;
  const credentials = textOf(authorization.credentials, authorization.credentials_file);
  return credentials === '' ? null : `${authorization.type} ${credentials}`;
}

/** Value of Authorization by the user info of a URL, a proxy's or the target's; null without. */
export function urlAuthorization({ username, password }: Pick<URL, 'username' | 'password'>): string | null {
  if (username === '' && password === '') return null;
  return `Basic ${Buffer.from(`${unescaped(username)}:${unescaped(password)}`).toString('base64')}`;
}

export function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Of `http_headers`, each value a field of its own. @throws Error for a file that cannot be read */
export function givenHeaders(given: HeadersConfig | null): readonly (readonly [string, string])[] {
  return [...(given ?? new Map())].flatMap(([name, { values, secrets, files }]) => [
    ...values.map((value: string) => [name, value] as const),
    ...secrets.map((value: string) => [name, value] as const),
    ...files.map((file: string) => [name, textOf('', file)] as const),
  ]);
}
