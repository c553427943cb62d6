// Owns taking in the secrets of a file: `${NAME}` from the environment, `{file: PATH}` from a file, each wrapped before anybody sees it.
// Never puts a value into a message.
import { Secret } from '../model/secret.ts';
import { SecretText } from '../model/secret-text.ts';
import { UsageError } from '../model/usage-error.ts';
import type { Written } from './yaml.ts';

/** Where secrets come from. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file's text. @throws UsageError */
  readonly readFile: (path: string) => Promise<string>;
}

type Path = readonly (string | number)[];

/** `$${` stands for `${` itself. */
const REFERENCE = /\$\$\{|\$\{([^}]*)\}/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The value with each text that names secrets as a SecretText. @throws UsageError with the line */
export async function withSecrets(
  { value, place }: Pick<Written, 'value' | 'place'>,
  sources: SecretSources,
): Promise<unknown> {
  const walk = async (node: unknown, path: Path): Promise<unknown> => {
    if (typeof node === 'string') return fromEnvironment(node, sources.env, () => place(path));
    if (Array.isArray(node)) return Promise.all(node.map((item, at) => walk(item, [...path, at])));
    if (typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node);
    const [first] = entries;
    if (entries.length === 1 && first?.[0] === 'file' && typeof first[1] === 'string')
      return fromFile(first[1], sources, () => place(path));
    const walked = entries.map(async ([key, inner]) => [key, await walk(inner, [...path, key])] as const);
    return Object.fromEntries(await Promise.all(walked));
  };
  return walk(value, []);
}

function fromEnvironment(text: string, env: SecretSources['env'], place: () => string): string | SecretText {
  const parts: (string | Secret)[] = [];
  let at = 0;
  for (const found of text.matchAll(REFERENCE)) {
    parts.push(text.slice(at, found.index));
    at = found.index + found[0].length;
    const name = found[1];
    if (name === undefined) {
      parts.push('${');
      continue;
    }
    if (!NAME.test(name))
      throw new UsageError(
        `${place()}: "\${${name.slice(0, 40)}}" names no variable`,
        'write $${ for the two signs themselves',
      );
    const value = env[name];
    if (value === undefined)
      throw new UsageError(
        `${place()}: the environment has no variable ${name}`,
        `set it (export ${name}=...), or write {file: PATH}; $\${ stands for the two signs themselves`,
      );
    parts.push(new Secret(name, value));
  }
  parts.push(text.slice(at));
  const isPlain = parts.every((part) => typeof part === 'string');
  return isPlain ? parts.join('') : new SecretText(parts.filter((part) => part !== ''));
}

/** The line feed that editors and `echo` leave at the end is not part of it. */
async function fromFile(path: string, { readFile }: SecretSources, place: () => string): Promise<SecretText> {
  try {
    return new SecretText([new Secret(path, (await readFile(path)).replace(/\r?\n$/, ''))]);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${place()}: ${error.message}`, error.remedy);
  }
}
