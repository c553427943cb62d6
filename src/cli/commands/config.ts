// Owns `probe config check FILE`, `probe config lint FILE` and `probe config schema`: files that a person writes, looked at without sending anything.
import type { BlackboxConfig } from '../../blackbox/config/modules.ts';
import { visible } from '../../model/text.ts';
import { UsageError } from '../../model/usage-error.ts';
import { readText } from '../input-file.ts';
import { EXIT } from '../io.ts';
import { withJourneyFile } from '../journey-option.ts';
import type { Launch } from '../launch.ts';
import type { RideOptions } from '../ride-options.ts';
import { rideSettings } from '../ride-options.ts';

/**
 * Silent about a good file but for one line.
 * @param defaults of the options of a ride, as the command line has them
 * @throws UsageError with file, line and remedy
 */
export async function runConfigCheck(
  path: string,
  defaults: Readonly<Record<string, unknown>>,
  launch: Launch,
): Promise<number> {
  const given = { ...defaults, journey: path };
  const { target, options, file } = await withJourneyFile(undefined, given, () => false, launch).catch(
    // A file may leave the target to the command line.
    async (error: unknown) => {
      const joined = await withJourneyFile('target.invalid', given, () => false, launch);
      if (joined.file.target !== undefined) throw error;
      return joined;
    },
  );
  await rideSettings(target, options as unknown as RideOptions, launch, file);
  await launch.io.out(`${path}: good\n`);
  return 0;
}

/** Of a journey file, or of the agent's. */
export async function runConfigSchema(
  { agent = false }: { readonly agent?: boolean },
  launch: Launch,
): Promise<number> {
  const schema = agent
    ? await (await import('../../config/agent/agent-schema.ts')).agentFileSchema(launch.probes)
    : await (await import('../../config/journey/journey.ts')).journeyFileSchema(launch.probes);
  await launch.io.out(`${JSON.stringify(schema, null, 2)}\n`);
  return 0;
}

const MOST_CONFIG_BYTES = 16_777_216;

export interface LintOptions {
  /** Files of Prometheus. */
  readonly rules?: readonly string[];
}

/** @returns 1 when something is hardly meant @throws UsageError for a file that blackbox_exporter refuses too */
export async function runConfigLint(path: string, { rules = [] }: LintOptions, launch: Launch): Promise<number> {
  const [{ readBlackboxConfig, Refusal }, { lintBlackbox }, { goRegexp }, { unsupported }] = await Promise.all([
    import('../../blackbox/config/read.ts'),
    import('../../blackbox/config/lint.ts'),
    import('../../blackbox/go/regexp.ts'),
    import('../../blackbox/config/unsupported.ts'),
  ]);
  const text = await modulesIn(await readText(path, 'config lint', MOST_CONFIG_BYTES), path);
  try {
    const config = readBlackboxConfig(text);
    const findings = lintBlackbox(config, (pattern) => goRegexp(pattern) !== null);
    const lines = findings.map(
      ({ module, rule, says, remedy }) => `${visible(`${path}: module ${module}: ${says} [${rule}]`)}\n  ${remedy}\n`,
    );
    const lacking = unsupported(config).map((line) => `${visible(`${path}: ${line} [probe serve refuses it]`)}\n`);
    const alerts = await alertLines(rules, config);
    const said = [...lines, ...lacking, ...alerts];
    await launch.io.out(said.join(''));
    if (said.length === 0) await launch.io.out(`${path}: nothing to say of ${config.modules.size} modules\n`);
    return said.length === 0 ? EXIT.ok : EXIT.warning;
  } catch (error) {
    if (error instanceof Refusal) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

/** What their alerts ask of an expiry that these modules do not tell. @throws UsageError */
async function alertLines(paths: readonly string[], config: BlackboxConfig): Promise<readonly string[]> {
  if (paths.length === 0) return [];
  const [{ readYaml }, { lintRules, rulesIn }] = await Promise.all([
    import('../../config/yaml.ts'),
    import('../../blackbox/config/lint-rules.ts'),
  ]);
  const files = await Promise.all(
    paths.map(async (path) => {
      const { value, place } = await readYaml(await readText(path, '--rules', MOST_CONFIG_BYTES), path);
      const rules = rulesIn(value).map((rule) => ({ ...rule, place: place(rule.path) }));
      if (rules.length > 0) return rules;
      throw new UsageError(`${path}: has no rules`, 'name a file of rule_files of prometheus.yml');
    }),
  );
  return lintRules(files.flat(), config).map(
    ({ of, alert, says, rule, remedy }) =>
      `${visible(`${of.place}: alert ${alert}: ${says} [${rule}]`)}\n  ${remedy}\n`,
  );
}

/** A blackbox.yml, or of an agent's file what stands in place of one. */
async function modulesIn(text: string, path: string): Promise<string> {
  const { readYaml } = await import('../../config/yaml.ts');
  // What is no YAML to us may be a blackbox.yml all the same: its own reader says.
  const written = await readYaml(text, path).catch(() => null);
  const value = written?.value;
  const isAgents = typeof value === 'object' && value !== null && ('targets' in value || 'discover' in value);
  if (written === null || !isAgents) return text;
  const alone = written.alone('modules');
  if (alone === null)
    throw new UsageError(`${path}: has no modules to question`, 'probe serve --config FILE --check reads the rest');
  return alone;
}
