// Owns reading YAML (JSON is some) that a person wrote: its value, and the line of everything in it, for messages.
// Never knows what the file is about; the parser is loaded when there is something to read.
import type { Node } from 'yaml';
import { visible } from '../model/text.ts';
import { UsageError } from '../model/usage-error.ts';

/** Aliases that multiply are a bomb. */
const MOST_ALIASES = 20;

export interface Written {
  readonly value: unknown;
  /** `FILE:12`: where the key (or the item of a list) at the end of the path stands; `FILE` where nothing does. */
  readonly place: (path: readonly (string | number)[]) => string;
  /** The text with everything but one key of the top blanked, so that who reads it by other rules names the same lines; null without the key. */
  readonly alone: (key: string) => string | null;
}

/**
 * @param name of the file, for messages
 * @throws UsageError with the line of what is no YAML
 */
export async function readYaml(text: string, name: string): Promise<Written> {
  const { isMap, isScalar, isSeq, LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const at = (offset: number | undefined): string => {
    const line = offset === undefined ? 0 : lines.linePos(offset).line;
    return line === 0 ? name : `${name}:${line}`;
  };
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines });
  const wrong = document.errors[0];
  if (wrong !== undefined) throw new UsageError(`${at(wrong.pos[0])}: ${saying(wrong)}`);
  const place = (path: readonly (string | number)[]): string => {
    let [node, offset]: [unknown, number | undefined] = [document.contents, undefined];
    for (const step of path) {
      const pair = isMap(node)
        ? node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
        : null;
      const inner: unknown = isSeq(node) ? node.items[Number(step)] : pair?.value;
      const here = (pair?.key ?? inner) as Node | null | undefined;
      if (here?.range == null) break;
      [node, offset] = [inner, here.range[0]];
    }
    return at(offset);
  };
  const alone = (key: string): string | null => {
    const top: unknown = document.contents;
    const pair = isMap(top) ? top.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    const [from, to] = [
      (pair?.key as Node | undefined)?.range?.[0],
      (pair?.value as Node | null | undefined)?.range?.[2],
    ];
    if (from === undefined || to === undefined) return null;
    // JSON, and other mappings in braces: without them its colons may stand too close.
    const [open, close] = isMap(top) && top.flow === true ? ['{', '}'] : ['', ''];
    return `${blanked(text.slice(0, from))}${open}${text.slice(from, to)}${close}`;
  };
  try {
    return { value: document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown, place, alone };
  } catch (error) {
    throw new UsageError(`${name}: ${error instanceof Error ? saying(error) : 'not YAML'}`);
  }
}

function blanked(text: string): string {
  return text.replaceAll(/[^\n]/g, '');
}

function saying({ message }: Error): string {
  return visible(message.split('\n')[0] ?? '').slice(0, 300);
}
