// Owns holding a tree to the rules of the house, and noticing when the tool did not read it. Knows no rule by name.
import { readdirSync } from 'node:fs';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import config from '../../.dependency-cruiser.mjs';

export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

export interface Cruised {
  /** Modules of the tree that were read, relative to it. */
  readonly read: readonly string[];
  /** TypeScript files of the tree that were not: a rule that sees nothing finds nothing. */
  readonly unread: readonly string[];
  readonly violations: readonly Violation[];
}

type Options = NonNullable<Parameters<typeof cruise>[1]>;

/** Rooms that the rules speak of. */
const ROOMS = ['src', 'probes', 'schema', 'bench'];

/** @param change to the options of the tool, to show that a blind one is noticed */
export async function cruiseTree(baseDir: string, change: object = {}): Promise<Cruised> {
  const files = filesOf(baseDir);
  const ruleSet = { forbidden: config.forbidden };
  const options = { ...config.options, baseDir, validate: true, ruleSet, ...change };
  const rooms = ROOMS.filter((room) => files.some((file) => file.startsWith(`${room}/`)));
  const { output } = await cruise(rooms, options as unknown as Options);
  const { modules, summary } = output as ICruiseResult;
  const read = modules.map(({ source }) => source).filter((source) => files.includes(source));
  const violations = summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
  return { read, unread: files.filter((file) => !read.includes(file)), violations };
}

export const ruleNames: readonly string[] = config.forbidden.map(({ name }) => name);

const excluded = new RegExp(config.options.exclude.path);

function filesOf(baseDir: string): readonly string[] {
  return readdirSync(baseDir, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter(
      (path) => path.endsWith('.ts') && ROOMS.some((room) => path.startsWith(`${room}/`)) && !excluded.test(path),
    );
}
