// Owns the flags of blackbox_exporter's own command line: which option each is here, and how it differs. The README's table says the same (a test).
import { type Command, Option } from 'commander';
import { UsageError } from '../model/usage-error.ts';
import { repeatable } from './request-options.ts';
import { AUTO_RELOAD } from './serve-defaults.ts';

export interface ExporterFlag {
  /** Without its dashes. */
  readonly flag: string;
  /** What it takes; absent for one that is there or not. */
  readonly takes?: string;
  /** Long name of the option that it is here. */
  readonly option: string;
  /** Where it is not the same; empty where it is. */
  readonly differs: string;
  /** Of its text, the text that the option takes. */
  readonly read?: (text: string) => string;
  readonly repeats?: true;
}

/** A number is one of seconds, as the exporter writes them; a duration stays one. */
export const seconds = (text: string): string => (/^\d*\.?\d+$/.test(text) ? `${text.replace(/^\./, '0.')}s` : text);

export const exporterFlags: readonly ExporterFlag[] = [
  {
    ...{ flag: 'config.file', takes: '<F>', option: 'blackbox-config' },
    differs: 'without it no file is read, not blackbox.yml of the working directory',
  },
  { flag: 'config.check', option: 'check', differs: 'a wrong file ends it with 64, not 1' },
  { flag: 'config.enable-auto-reload', option: 'auto-reload', differs: 'also for the file of --config' },
  {
    ...{ flag: 'config.auto-reload-interval', takes: '<S>', option: 'auto-reload', read: seconds },
    differs: 'a duration too; nothing without --config.enable-auto-reload',
  },
  { flag: 'timeout-offset', takes: '<S>', option: 'timeout-offset', differs: 'a duration too' },
  { flag: 'history.limit', takes: '<N>', option: 'history-limit', differs: '' },
  { flag: 'log.level', takes: '<L>', option: 'log-level', differs: '', read: (text) => text.toLowerCase() },
  { flag: 'log.format', takes: '<F>', option: 'log-format', differs: 'levels in small letters, no source' },
  {
    ...{ flag: 'log.prober', takes: '<L>', option: 'log-prober', read: (text) => text.toLowerCase() },
    differs:
      '200 lines of each level a minute on standard error, all with debug; all on the debug page; an unknown level is refused',
  },
  {
    ...{ flag: 'web.listen-address', takes: '<A>', option: 'listen', repeats: true },
    differs: 'the default is 127.0.0.1:9115, not every address; no vsock',
  },
  { flag: 'web.systemd-socket', option: 'systemd-socket', differs: '' },
  {
    flag: 'web.config.file',
    takes: '<F>',
    option: 'web-config',
    differs: 'read at the start; certificates again and again',
  },
  { flag: 'web.external-url', takes: '<URL>', option: 'external-url', differs: '' },
  { flag: 'web.route-prefix', takes: '<PATH>', option: 'route-prefix', differs: '' },
  { flag: 'version', option: 'version', differs: 'the version of this program' },
];

/** Written with a dot, they are no options of their own: taken, and not in the help. */
const spelled = exporterFlags.filter(({ flag }) => flag.includes('.'));

export function takeExporterFlags(command: Command): Command {
  for (const { flag, takes, repeats } of spelled) {
    if (repeats === true) command.addOption(repeatable(`--${flag} ${takes ?? ''}`, '').hideHelp());
    else command.addOption(new Option(takes === undefined ? `--${flag}` : `--${flag} ${takes}`).hideHelp());
    // As kingpin takes every flag that is there or not.
    if (takes === undefined) command.addOption(new Option(`--no-${flag}`).hideHelp());
  }
  return command;
}

/**
 * @param command that has read both spellings
 * @returns ours alone
 * @throws UsageError where both spellings of one are given, or one holds what the option does not take
 */
export function withExporterFlags(command: Command): Record<string, unknown> {
  const options: Record<string, unknown> = { ...command.opts() };
  const isGiven = (key: string): boolean => command.getOptionValueSource(key) === 'cli';
  const reload = reloadInterval(options);
  for (const { flag, option, read } of spelled) {
    const [theirs, ours] = [camelCase(flag), camelCase(option)];
    const value = flag.startsWith('config.') && option === 'auto-reload' ? null : options[theirs];
    delete options[theirs];
    if (isNothing(value)) continue;
    if (isGiven(ours)) throw new UsageError(`--${flag} and --${option} are the same`, 'give one of them');
    const taken = typeof value === 'string' && read !== undefined ? read(value) : value;
    const choices = command.options.find(({ long }) => long === `--${option}`)?.argChoices;
    if (choices !== undefined && !choices.includes(String(taken)))
      throw new UsageError(`--${flag}: "${String(value)}" is none of ${choices.join(', ')}`);
    options[ours] = taken;
  }
  return reload === null || isGiven('autoReload') ? options : { ...options, autoReload: reload };
}

/** Of two flags one. @returns null where it is not enabled */
function reloadInterval(options: Readonly<Record<string, unknown>>): string | null {
  const interval = options['config.autoReloadInterval'];
  if (options['config.enableAutoReload'] !== true) return null;
  return typeof interval === 'string' ? seconds(interval) : AUTO_RELOAD;
}

/** An empty text is what the exporter has where nothing is given. */
function isNothing(value: unknown): boolean {
  return value == null || value === false || value === '' || (Array.isArray(value) && value.length === 0);
}

/** As commander names the values of options. */
function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
