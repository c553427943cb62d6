// Owns `npm run new-probe -- NAME`: a copy of probes/_template under a new name, and its place in probes/index.ts.
// Never overwrites anything: whatever is wrong is said before the first byte is written.
import { cpSync, existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { visible } from '../src/model/text.ts';
import { UsageError } from '../src/model/usage-error.ts';

const TEMPLATE = join(import.meta.dirname, '_template');
/** sysexits.h EX_USAGE, as the command itself uses it. */
const EXIT_USAGE = 64;
const REMEDY = 'npm run new-probe -- NAME [--into DIR], for example: npm run new-probe -- cache-policy';

/** Names that would hide what is in them (a layer rule), and those that mean something in this folder. */
const NO_SUBJECT = new Set([
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'shared',
  'lib',
  'base',
  'manager',
  'test',
  'probes',
]);
/** ECMA-262 12.7.2, and what strict mode and modules add: no constant can be called so. */
const RESERVED = new Set(
  'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield'.split(
    ' ',
  ),
);

/** The name as the constant it becomes: `cache-policy` is `cachePolicy`. @throws UsageError for a name that cannot be used */
export function identifierOf(name: string): string {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > 32) {
    throw new UsageError(
      `"${visible(name).slice(0, 60)}" is not a probe name`,
      'kebab case, at most 32 characters, a letter first: cache-policy, http3',
    );
  }
  if (RESERVED.has(name) || NO_SUBJECT.has(name)) {
    throw new UsageError(`a probe cannot be called "${name}"`, "name its subject in the field's own words");
  }
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * probes/index.ts with the probe imported and last in riding order.
 * @throws UsageError when it is there already, or when the file does not look as expected and has to be edited by hand
 */
export function listed(index: string, name: string): string {
  const identifier = identifierOf(name);
  const line = `import { ${identifier} } from './${name}/probe.ts';`;
  const imports = [...index.matchAll(/^import \{ (\w+) \} from '(\.\/[\w-]+\/probe\.ts)';\n/gm)];
  if (imports.some(([, taken]) => taken === identifier)) {
    throw new UsageError(`probes/index.ts has a probe "${identifier}" already`, 'choose another name');
  }
  const list = /^(export const probes: readonly AnyProbe\[\] = \[[^\]]*?),?\s*\];$/m.exec(index);
  const last = imports.at(-1);
  if (list?.[1] === undefined || last === undefined) {
    throw new UsageError(
      'probes/index.ts does not look as expected, nothing was written',
      `bring it back to one import a probe and one list, then run this again; it will add ${line}`,
    );
  }
  // Imports are sorted by path, as the formatter wants them; the list is in riding order.
  const before = imports.find(([, , path = '']) => path > `./${name}/probe.ts`);
  const at = before === undefined ? last.index + last[0].length : before.index;
  const longer = `${list[1]}, ${identifier}];`;
  return `${index.slice(0, at)}${line}\n${index.slice(at, list.index)}${longer}${index.slice(list.index + list[0].length)}`;
}

/** One text of the template under the new name: the template says `probe-name`, `probeName` and `ProbeName`. */
export function renamed(text: string, name: string): string {
  const identifier = identifierOf(name);
  const type = `${identifier.charAt(0).toUpperCase()}${identifier.slice(1)}`;
  const keys = name === identifier ? text.replaceAll(/(?<=\{ )'probe-name'(?=:)/g, name) : text;
  return keys.replaceAll('probe-name', name).replaceAll('probeName', identifier).replaceAll('ProbeName', type);
}

/** Writes the folder and the line. @returns the new folder @throws UsageError before anything is written */
function makeProbe(name: string, probes: string): string {
  identifierOf(name);
  const index = join(probes, 'index.ts');
  if (!existsSync(index)) throw new UsageError(`${visible(probes)} holds no index.ts`, 'give the folder of the probes');
  const folder = join(probes, name);
  if (existsSync(folder))
    throw new UsageError(`probes/${name} exists already`, 'choose another name; nothing is overwritten');
  const longer = listed(readFileSync(index, 'utf8'), name);
  cpSync(TEMPLATE, folder, { recursive: true, errorOnExist: true, force: false });
  for (const path of globSync('**/*', { cwd: folder }).map((each) => join(folder, each))) {
    if (statSync(path).isFile()) writeFileSync(path, renamed(readFileSync(path, 'utf8'), name));
  }
  writeFileSync(index, longer);
  return folder;
}

function nextSteps(name: string): string {
  return `probes/${name} is made from the template and listed last in probes/index.ts.
It rides already: npm run dev -- demo kms.example -v --only ${name}

Next:
  1. README.md, probe.ts   the question, and what it sends
  2. evidence.ts           what is written down; gather.ts fills it
  3. checks/               replace server-version-shown by checks of your own, and its cases in test/cases/
  4. judgement.ts, section.ts, metrics.ts
  5. npm run format && npm run types && npm run layers
  6. npm run schema        the journey's schema has one more evidence
  7. npx vitest run --project unit probes/${name}
  8. a row in the README's table of probes, a line in CHANGELOG.md
`;
}

function readArguments(args: readonly string[]): { readonly name: string; readonly into: string } {
  try {
    const options = { into: { type: 'string', default: import.meta.dirname } } as const;
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [name, ...rest] = positionals;
    if (name === undefined || rest.length > 0) throw new UsageError('give one name', REMEDY);
    return { name, into: resolve(values.into) };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(visible(error.message).slice(0, 200), REMEDY);
    throw error;
  }
}

if (import.meta.main) {
  try {
    const { name, into } = readArguments(process.argv.slice(2));
    makeProbe(name, into);
    process.stdout.write(nextSteps(name));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`new-probe: ${error.message}\n${error.remedy === null ? '' : `  ${error.remedy}\n`}`);
    process.exitCode = EXIT_USAGE;
  }
}
