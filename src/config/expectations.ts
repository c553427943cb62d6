// Owns the file of expectations: written from what a journey saw, with a comment to each line, and read back with the line of each mistake.
// Never decides what is steady enough to be expected.
import type { AnyFact } from '../contract/fact.ts';
import type { FactSection } from '../expect/drift.ts';
import { type Contract, isMisfit, readExpectation } from '../expect/expected.ts';
import type { Json } from '../model/json.ts';
import { suggestion } from '../model/nearest.ts';
import { visible } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';
import { readYaml, type Written } from './yaml.ts';

const SCHEMA = 'expectations/1';

/** @throws UsageError with file and line for what nobody knows: an expectation under a mistyped name would be silently kept */
export async function readExpectations(
  text: string,
  name: string,
  sections: readonly FactSection[],
): Promise<Contract> {
  const file = await readYaml(text, name);
  const { schema, ...written } = mapping(file, [], 'expectations are a mapping');
  if (schema !== undefined && schema !== SCHEMA)
    throw new UsageError(
      `${file.place(['schema'])}: this program reads ${SCHEMA}`,
      'write the file anew with probe learn',
    );
  const contract: Record<string, Record<string, Json>> = {};
  for (const section of Object.keys(written)) {
    const known = sections.find((each) => each.section === section);
    if (known === undefined)
      throw unknown(
        file,
        [section],
        section,
        sections.map((each) => each.section),
      );
    const values = mapping(file, [section], `${section} is a mapping`);
    for (const key of Object.keys(values)) {
      const fact = known.facts.find((each) => each.key === key);
      if (fact === undefined)
        throw unknown(
          file,
          [section, key],
          key,
          known.facts.map((each) => each.key),
        );
      (contract[section] ??= {})[key] = checked(fact, values[key] as Json, file, [section, key]);
    }
  }
  if (Object.keys(contract).length > 0) return contract;
  throw new UsageError(`${name}: nothing is expected`, 'probe learn TARGET writes down what is so today');
}

function mapping(file: Written, path: readonly string[], says: string): Readonly<Record<string, unknown>> {
  const value = path.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], file.value);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UsageError(`${file.place(path)}: ${says}`, 'for example: dns: { ttlSeconds: 60 }');
}

function unknown(file: Written, path: readonly string[], name: string, known: readonly string[]): UsageError {
  const near = suggestion(name, known);
  const where = path.length > 1 ? `${path[0]} has no expectation` : 'there is no section of expectations';
  return new UsageError(
    `${file.place(path)}: ${where} called "${visible(name).slice(0, 40)}"`,
    `${near}there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`,
  );
}

function checked(fact: AnyFact, value: Json, file: Written, path: readonly string[]): Json {
  const read = readExpectation(fact.rule, value);
  if (!isMisfit(read)) return value;
  throw new UsageError(
    `${file.place([...path, ...read.path])}: ${path.join('.')} ${read.says}`,
    `${fact.title}: ${fact.reading}`,
  );
}

/**
 * YAML with a comment to each section and line.
 * @param head lines of the comment above all
 */
export async function writeExpectations(
  contract: Contract,
  sections: readonly FactSection[],
  head: readonly string[],
): Promise<string> {
  const { Document, isCollection, isMap, isScalar } = await import('yaml');
  const document = new Document({ schema: SCHEMA, ...contract });
  document.commentBefore = head.map((line) => ` ${visible(line)}`).join('\n');
  const { contents } = document;
  for (const pair of isMap(contents) ? contents.items : []) {
    const section = sections.find((each) => isScalar(pair.key) && each.section === pair.key.value);
    if (section === undefined || !isScalar(pair.key) || !isMap(pair.value)) continue;
    pair.key.spaceBefore = true;
    pair.key.commentBefore = ` ${section.title}`;
    for (const line of pair.value.items) {
      const fact = section.facts.find((each) => isScalar(line.key) && each.key === line.key.value);
      if (fact === undefined || !isScalar(line.key)) continue;
      line.key.commentBefore = ` ${fact.title}: ${fact.reading}`;
      if (!isCollection(line.value)) continue;
      // By place a line each; what stands at a place in one line.
      if (
        !isMap(line.value) ||
        section.section === 'latency' ||
        line.value.items.every((one) => !isCollection(one.value) && !isPlace(one.key))
      )
        line.value.flow = true;
      for (const inner of isMap(line.value) ? line.value.items : [])
        if (isCollection(inner.value)) inner.value.flow = true;
    }
  }
  return document.toString({ lineWidth: 110, flowCollectionPadding: true });

  function isPlace(key: unknown): boolean {
    return !isScalar(key) || (key.value !== 'atLeast' && key.value !== 'atMost');
  }
}
