// Owns reading and printing a blackbox.yml: what blackbox_exporter accepts is accepted, what it refuses is refused, in its words.
import { stringify } from 'yaml';
import { Refusal, readGoYaml } from '../go/yaml.ts';
import { extensionKeys } from './extension.ts';
import { type BlackboxConfig, blackboxConfig, type Module } from './modules.ts';

export { Refusal };

/** @throws Refusal with the words of `blackbox_exporter --config.check` */
export function readBlackboxConfig(text: string): BlackboxConfig {
  try {
    return readGoYaml(text, blackboxConfig);
  } catch (error) {
    if (error instanceof Refusal)
      throw new Refusal(`error parsing config file: ${error.message}${hintFor(error.message)}`);
    throw error;
  }
}

/** Keys of ours that stand where blackbox_exporter has its own. */
function hintFor(refusal: string): string {
  const [, key = ''] = /: field (\w+) not found in type config\.plain/.exec(refusal) ?? [];
  return extensionKeys.includes(key) ? `\n  write outrider: { ${key}: ... } in the module for probe serve` : '';
}

/** The whole config as /config shows it: secrets as `<secret>`. */
export function printBlackboxConfig(config: BlackboxConfig): string {
  return print(blackboxConfig.show(config), 4);
}

/** One module, as the debug page shows it. */
export function printModule(config: BlackboxConfig, name: string): string {
  const shown = blackboxConfig.show(config) as { readonly modules?: { readonly [name: string]: unknown } } | undefined;
  return print(shown?.modules?.[name]);
}

/** @param indent blanks: the exporter writes its pages with two libraries, which indent differently */
function print(value: unknown, indent = 2): string {
  return value === undefined ? '{}\n' : stringify(value, { indent, indentSeq: true, lineWidth: 0 });
}

export type { BlackboxConfig, Module };
