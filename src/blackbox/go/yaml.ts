// Owns YAML as Go's yaml.v3 reads it into structs (KnownFields on): which words are booleans, what fits where, and the words of
// its refusals, because a file must be accepted and refused as blackbox_exporter does. Knows no key of any config.
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  Scalar,
} from 'yaml';

/** A file that cannot be used, in Go's words. */
export class Refusal extends Error {}

/** One document while it is read: what does not fit is collected, and said together. */
export interface Reading {
  readonly document: Document;
  readonly issues: string[];
  readonly lineOf: (node: Node) => number;
  /** Aliases that multiply are a bomb: nodes left to read. */
  left: number;
}

const MOST_NODES = 200_000;

/** How one Go type is read and printed. */
export interface GoType<T> {
  /** As Go prints it in refusals: `[]string`, `config.plain`. */
  readonly name: string;
  readonly zero: T;
  /** What null makes of it; absent: null leaves what was there (yaml.v3, decoder.null). */
  readonly onNull?: T;
  /** @param was the default that stands there */
  read(node: Node, was: T, reading: Reading): T;
  /** For /config; undefined: left out (omitempty). */
  show(value: T): unknown;
}

export type Read<G> = G extends GoType<infer T> ? T : never;

/**
 * Reads the first document into a type.
 * @throws Refusal `EOF` for nothing at all, `yaml: ...` for syntax, `yaml: unmarshal errors:` with every line, or the type's own word
 */
export function readGoYaml<T>(text: string, type: GoType<T>): T {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    schema: 'failsafe',
    lineCounter: lines,
    uniqueKeys: false,
    logLevel: 'silent',
  });
  const document = 'empty' in documents ? undefined : documents[0];
  if (document === undefined) throw new Refusal('EOF');
  const wrong = document.errors[0];
  if (wrong !== undefined)
    throw new Refusal(
      `yaml: line ${lines.linePos(wrong.pos[0]).line}: ${wrong.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '')}`,
    );
  if (document.contents === null) throw new Refusal('EOF');
  const lineOf = (node: Node): number => lines.linePos(node.range?.[0] ?? 0).line;
  const reading: Reading = { document, issues: [], lineOf, left: MOST_NODES };
  const value = readInto(document.contents, type, type.zero, reading);
  if (reading.issues.length > 0)
    throw new Refusal(`yaml: unmarshal errors:\n${reading.issues.map((issue) => `  ${issue}`).join('\n')}`);
  return value;
}

function readInto<T>(given: Node, type: GoType<T>, was: T, reading: Reading): T {
  reading.left -= 1;
  if (reading.left < 0) throw new Refusal('yaml: document contains excessive aliasing');
  const node = isAlias(given) ? given.resolve(reading.document) : given;
  if (node === undefined) throw new Refusal(`yaml: unknown anchor '${isAlias(given) ? given.source : ''}' referenced`);
  if (isScalar(node) && resolve(node).tag === '!!null') return type.onNull === undefined ? was : type.onNull;
  return type.read(node, was, reading);
}

/** A scalar as yaml.v3 resolves it (resolve.go). */
interface Resolved {
  readonly tag: '!!null' | '!!bool' | '!!int' | '!!float' | '!!str' | '!!binary' | '!!merge';
  readonly text: string;
  readonly number: number;
}

const TAGS = new Set(['!!null', '!!bool', '!!int', '!!float', '!!str', '!!binary', '!!merge']);

function resolve(node: Scalar): Resolved {
  // The parser has read `!!binary` by itself.
  const text = node.value instanceof Uint8Array ? Buffer.from(node.value).toString('base64') : textOf(node);
  const tag = node.tag?.replace(/^tag:yaml\.org,2002:/, '!!');
  const plain = node.type === Scalar.PLAIN || node.type === undefined;
  const guessed = plain ? guess(text) : { tag: '!!str' as const, number: Number.NaN };
  if (tag === undefined || tag === '!' || !TAGS.has(tag)) return { ...guessed, text };
  if (tag === '!!int' || tag === '!!float') return { ...guess(text), text };
  return { tag: tag as Resolved['tag'], text, number: Number.NaN };
}

function guess(text: string): Pick<Resolved, 'tag' | 'number'> {
  if (/^(|~|null|Null|NULL)$/.test(text)) return { tag: '!!null', number: Number.NaN };
  if (/^(true|True|TRUE|false|False|FALSE)$/.test(text)) return { tag: '!!bool', number: Number.NaN };
  if (text === '<<') return { tag: '!!merge', number: Number.NaN };
  const digits = text.replaceAll('_', '');
  const found = /^([-+]?)(0[xX][\da-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9]\d*)$/.exec(digits);
  if (found !== null) {
    const size = found[2] ?? '';
    const octal = /^0[0-7]+$/.test(size) ? `0o${size.slice(1)}` : size;
    return { tag: '!!int', number: (found[1] === '-' ? -1 : 1) * Number(octal) };
  }
  if (/^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(digits)) return { tag: '!!float', number: Number(digits) };
  const infinity = /^([-+]?)\.(inf|Inf|INF)$/.exec(text);
  if (infinity !== null) return { tag: '!!float', number: infinity[1] === '-' ? -Infinity : Infinity };
  return /^\.(nan|NaN|NAN)$/.test(text) ? { tag: '!!float', number: Number.NaN } : { tag: '!!str', number: Number.NaN };
}

/** yaml.v3, decoder.terror. */
function misfit(node: Node, name: string, reading: Reading): void {
  const line = reading.lineOf(node);
  if (!isScalar(node)) {
    reading.issues.push(`line ${line}: cannot unmarshal ${isMap(node) ? '!!map' : '!!seq'} into ${name}`);
    return;
  }
  const { tag, text } = resolve(node);
  const shown = Buffer.byteLength(text) > 10 ? `${text.slice(0, 7)}...` : text;
  reading.issues.push(`line ${line}: cannot unmarshal ${tag} \`${shown}\` into ${name}`);
}

export const goString: GoType<string> = stringNamed('string');

/** @param name of the Go type, for refusals */
export function stringNamed(name: string): GoType<string> {
  return {
    name,
    zero: '',
    read(node, was, reading) {
      const bytes = bytesOf(node, name, reading);
      return bytes === null ? was : bytes.toString('utf8');
    },
    show: (value) => (value === '' ? undefined : value),
  };
}

/** A Go string that may hold any bytes (`!!binary`). */
export const goBytes: GoType<Buffer> = {
  name: 'string',
  zero: Buffer.alloc(0),
  read: (node, was, reading) => bytesOf(node, 'string', reading) ?? was,
  show: (value) => (value.byteLength === 0 ? undefined : value.toString('utf8')),
};

function bytesOf(node: Node, name: string, reading: Reading): Buffer | null {
  if (!isScalar(node)) {
    misfit(node, name, reading);
    return null;
  }
  const { tag, text } = resolve(node);
  if (tag !== '!!binary') return Buffer.from(text, 'utf8');
  const base64 = text.replace(/\s/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64))
    throw new Refusal('yaml: !!binary value contains invalid base64 data');
  return Buffer.from(base64, 'base64');
}

const YES = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON']);
const NO = new Set(['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF']);

/** Words of YAML 1.1 are booleans where one is wanted, quoted ones too (yaml.v3, decoder.scalar). */
export const goBool: GoType<boolean> = {
  name: 'bool',
  zero: false,
  read(node, was, reading) {
    if (isScalar(node)) {
      const { tag, text } = resolve(node);
      if (tag === '!!bool') return text.toLowerCase() === 'true';
      if (tag === '!!str' && YES.has(text)) return true;
      if (tag === '!!str' && NO.has(text)) return false;
    }
    misfit(node, 'bool', reading);
    return was;
  },
  show: (value) => (value ? true : undefined),
};

/** A bool that is printed whatever it is (no omitempty). */
export const goBoolShown: GoType<boolean> = { ...goBool, show: (value) => value };

export const goInt: GoType<number> = {
  name: 'int',
  zero: 0,
  read(node, was, reading) {
    if (isScalar(node)) {
      const { tag, number } = resolve(node);
      const whole = tag === '!!float' ? Math.trunc(number) : number;
      if ((tag === '!!int' || tag === '!!float') && Math.abs(whole) <= Number.MAX_SAFE_INTEGER) return whole;
    }
    misfit(node, 'int', reading);
    return was;
  },
  show: (value) => (value === 0 ? undefined : value),
};

/** Values of any shape, as JSON. */
export const goAny: GoType<unknown> = {
  name: 'interface {}',
  zero: null,
  onNull: null,
  read: (node, _was, reading) => anyOf(node, reading),
  show: (value) => value ?? undefined,
};

function anyOf(node: Node, reading: Reading): unknown {
  const inner = (given: unknown): unknown => readInto(given as Node, goAny, null, reading);
  if (isSeq(node)) return node.items.map(inner);
  if (isMap(node))
    return Object.fromEntries(node.items.map(({ key, value }) => [textOf(key), inner(value ?? new Scalar(null))]));
  if (!isScalar(node)) return null;
  const { tag, text, number } = resolve(node);
  if (tag === '!!int' || tag === '!!float') return number;
  return tag === '!!bool' ? text.toLowerCase() === 'true' : text;
}

function textOf(key: unknown): string {
  return isScalar(key) && typeof key.value === 'string' ? key.value : '';
}

export function goSlice<T>(item: GoType<T>): GoType<readonly T[]> {
  const name = `[]${item.name}`;
  return {
    name,
    zero: [],
    onNull: [],
    read(node, was, reading) {
      if (isSeq(node)) return node.items.map((one) => readInto(one as Node, item, item.zero, reading));
      misfit(node, name, reading);
      return was;
    },
    show: (value) => (value.length === 0 ? undefined : value.map((one) => item.show(one) ?? item.zero)),
  };
}

export function goMap<T>(item: GoType<T>, name = `map[string]${item.name}`): GoType<ReadonlyMap<string, T>> {
  return {
    name,
    zero: new Map(),
    onNull: new Map(),
    read(node, was, reading) {
      if (!isMap(node)) {
        misfit(node, name, reading);
        return was;
      }
      const entries = entriesOf(node, reading);
      if (entries === null) return was;
      return new Map(entries.map(({ key, value }) => [key, readInto(value, item, item.zero, reading)]));
    },
    show: (value) =>
      value.size === 0
        ? undefined
        : Object.fromEntries(
            [...value].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, item.show(one) ?? item.zero]),
          ),
  };
}

/** A pointer: null where nothing is given. */
export function goPointer<T>(to: GoType<T>): GoType<T | null> {
  return {
    name: to.name,
    zero: null,
    onNull: null,
    read: (node, was, reading) => to.read(node, was ?? to.zero, reading),
    show: (value) => (value === null ? undefined : (to.show(value) ?? {})),
  };
}

// oxlint-disable-next-line typescript/no-explicit-any -- a struct holds fields of any type
export type AnyFields = { readonly [key: string]: GoType<any> };
export type StructOf<F extends AnyFields> = { readonly [K in keyof F]: Read<F[K]> };

/**
 * A struct with the keys of its fields as properties.
 * @param check its UnmarshalYAML, after the fields fitted. @throws Refusal from it
 */
export function goStruct<F extends AnyFields>(
  name: string,
  fields: F,
  defaults: Partial<StructOf<F>> = {},
  check: (value: StructOf<F>) => StructOf<F> = (value) => value,
): GoType<StructOf<F>> {
  const keys = Object.keys(fields) as (keyof F & string)[];
  const zero = Object.fromEntries(
    keys.map((key) => [key, key in defaults ? defaults[key] : (fields[key] as GoType<unknown>).zero]),
  ) as StructOf<F>;
  return {
    name,
    zero,
    read(node, was, reading) {
      if (!isMap(node)) {
        misfit(node, name, reading);
        return was;
      }
      const before = reading.issues.length;
      const entries = entriesOf(node, reading);
      if (entries === null) return was;
      // Each struct begins anew from its own defaults (`*s = DefaultHTTPProbe`).
      const value: { [key: string]: unknown } = { ...zero };
      for (const { key, value: given, at } of entries) {
        const type = Object.hasOwn(fields, key) ? (fields[key] as GoType<unknown>) : undefined;
        if (type === undefined)
          reading.issues.push(`line ${reading.lineOf(at)}: field ${key} not found in type ${name}`);
        else value[key] = readInto(given, type, value[key], reading);
      }
      return reading.issues.length > before ? (value as StructOf<F>) : check(value as StructOf<F>);
    },
    show(value) {
      const shown = keys.map((key) => [key, (fields[key] as GoType<unknown>).show(value[key])] as const);
      const there = shown.filter(([, one]) => one !== undefined);
      return there.length === 0 ? undefined : Object.fromEntries(there);
    },
  };
}

interface Entry {
  readonly key: string;
  readonly value: Node;
  readonly at: Node;
}

/** Keys in order, those of `<<` behind the map's own. @returns null when one stands there twice */
function entriesOf(node: Node, reading: Reading): readonly Entry[] | null {
  if (!isMap(node)) return null;
  const own: Entry[] = [];
  const merged: Node[] = [];
  const lines = new Map<string, number>();
  let unique = true;
  for (const { key, value } of node.items) {
    const at = key as Node;
    const given = (value ?? new Scalar(null)) as Node;
    if (isScalar(at) && resolve(at).tag === '!!merge') {
      merged.push(given);
      continue;
    }
    const text = textOf(at);
    const first = lines.get(text);
    if (first !== undefined) {
      unique = false;
      reading.issues.push(
        `line ${reading.lineOf(at)}: mapping key ${JSON.stringify(text)} already defined at line ${first}`,
      );
    } else lines.set(text, reading.lineOf(at));
    own.push({ key: text, value: given, at });
  }
  if (!unique) return null;
  const seen = new Set(lines.keys());
  for (const entry of merged.flatMap((one) => mergedEntries(one, reading))) {
    if (!seen.has(entry.key)) own.push(entry);
    seen.add(entry.key);
  }
  return own;
}

function mergedEntries(given: Node, reading: Reading): readonly Entry[] {
  reading.left -= 1;
  if (reading.left < 0) throw new Refusal('yaml: document contains excessive aliasing');
  const node = isAlias(given) ? given.resolve(reading.document) : given;
  if (node !== undefined && isMap(node)) return entriesOf(node, reading) ?? [];
  if (node !== undefined && isSeq(node) && !isSeq(given))
    throw new Refusal('yaml: map merge requires map or sequence of maps as the value');
  if (node !== undefined && isSeq(node)) return node.items.flatMap((one) => mergedEntries(one as Node, reading));
  throw new Refusal('yaml: map merge requires map or sequence of maps as the value');
}
