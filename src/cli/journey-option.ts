// Owns joining a journey file with the words of the command line: what is typed goes before what is written.
import type { Contribution } from '../config/journey/part.ts';
import { UsageError } from '../model/usage-error.ts';
import { readBytes, readText } from './input-file.ts';
import type { Launch } from './launch.ts';

/** A journey is some pages of text; a body or key that it names may be larger. Bytes. */
const MAX_FILE_BYTES = 1_048_576;
const MAX_NAMED_BYTES = 1_048_576;

export interface Joined {
  readonly target: string;
  /** As commander hands them over. */
  readonly options: Record<string, unknown>;
  readonly file: Contribution;
}

/** @param isTyped whether the option stands on the command line @throws UsageError */
export async function withJourneyFile(
  target: string | undefined,
  options: Record<string, unknown>,
  isTyped: (option: string) => boolean,
  launch: Launch,
): Promise<Joined> {
  const { journey } = options;
  const file = typeof journey === 'string' ? await journeyFileAt(journey, launch) : {};
  const wanted = target ?? file.target;
  if (wanted === undefined)
    throw new UsageError('no target is given', 'write probe NAME, or probe --journey FILE with a target in the file');
  const { method } = file.request ?? {};
  const asOptions = { ...file.options, ...(method === undefined ? {} : { method }) };
  const taken = Object.entries(asOptions).filter(([name]) => !isTyped(name));
  return { target: wanted, options: { ...options, ...Object.fromEntries(taken) }, file };
}

/** @throws UsageError with file and line */
export async function journeyFileAt(path: string, { io, probes }: Launch): Promise<Contribution> {
  const text = await readText(path, '--journey', MAX_FILE_BYTES);
  const { readJourneyFile } = await import('../config/journey/journey.ts');
  return readJourneyFile(text, path, {
    probes,
    env: io.env,
    readBytes: (named, key) => readBytes(named, key, MAX_NAMED_BYTES),
  });
}
