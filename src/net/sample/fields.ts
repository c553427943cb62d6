// Owns what is kept of an answer's fields: bounded for each answer, and shared by the answers that have them in common.
// Never interprets a field.
import { type WireText, wireText } from '../../model/text.ts';

/** Of one answer, names and values, trailers included. Servers and proxies take requests of that much: what is longer is no service's habit. */
const ANSWER_BYTES = 8_192;
const NAME_BYTES = 256;
const VALUE_BYTES = 4_096;
/** Shared fields that are remembered; a server that never repeats itself fills this, and then nothing more is looked for. */
const SHARED_FIELDS = 1_024;

export type Field = readonly [WireText, WireText];
export type Fields = readonly Field[];

/** The fields of one answer. */
export interface FieldReader {
  /**
   * Raw HTTP/1.1 fields come as name, value, name, value; those of HTTP/2 as an object. A field that does not fit any more is left
   * out, a later one that does is kept.
   */
  read(raw: unknown): Fields;
  /** True when fields were left out. */
  readonly truncated: boolean;
}

/** What the answers of one sampler have in common is kept once. */
export interface FieldStore {
  /** A reader for one answer. */
  open(): FieldReader;
}

export function openFieldStore(): FieldStore {
  const share = sharing();
  return {
    open() {
      let left = ANSWER_BYTES;
      let truncated = false;
      const fits = ({ length: name }: string, { length: value }: string): boolean => {
        const fit = name + value <= left;
        if (fit) left -= name + value;
        else truncated = true;
        return fit;
      };
      return {
        read: (raw) => share(pairsOf(raw).filter(([name, value]) => fits(name, value))),
        get truncated() {
          return truncated;
        },
      };
    },
  };
}

type Pair = readonly [name: string, value: string];

function sharing(): (pairs: readonly Pair[]) => Fields {
  const known = new Map<string, Map<string, Field>>();
  let count = 0;
  let last: Fields = [];
  const shared = ([name, value]: Pair): Field => {
    const values = known.get(name) ?? new Map<string, Field>();
    const found = values.get(value);
    if (found !== undefined) return found;
    const field: Field = [wireText(name, NAME_BYTES), wireText(value, VALUE_BYTES)];
    if (count < SHARED_FIELDS) {
      count += 1;
      known.set(name, values.set(value, field));
    }
    return field;
  };
  return (pairs) => {
    const fields = pairs.map(shared);
    const same = fields.length === last.length && fields.every((field, at) => field === last[at]);
    if (!same) last = fields;
    return last;
  };
}

function pairsOf(raw: unknown): readonly Pair[] {
  if (Array.isArray(raw)) {
    return Array.from({ length: Math.floor(raw.length / 2) }, (_, at) => pair(raw[2 * at], raw[2 * at + 1]));
  }
  if (typeof raw !== 'object' || raw === null) return [];
  return Object.entries(raw as Record<string, string | string[] | undefined>)
    .filter(([name]) => !name.startsWith(':'))
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value ?? '']).map((one) => pair(name, one)));
}

function pair(name: unknown, value: unknown): Pair {
  return [copy(name, NAME_BYTES), copy(value, VALUE_BYTES)];
}

/** One byte more than is kept shows that there was more. A copy: part of a long string would keep all of it in memory (V8). */
function copy(word: unknown, most: number): string {
  const bytes = Buffer.isBuffer(word) ? word : Buffer.from(String(word).slice(0, most + 1), 'latin1');
  return bytes.toString('latin1', 0, most + 1);
}
