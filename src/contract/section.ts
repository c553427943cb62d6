// Owns the blocks that a probe shows its evidence in. No formatting: each report renders blocks its own way.
import type { WireText } from '../model/text.ts';

export type Cell = string | number | boolean | WireText | null;

export type Block =
  | { readonly kind: 'table'; readonly columns: readonly string[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: 'facts'; readonly rows: readonly (readonly [string, Cell])[] }
  | { readonly kind: 'unknown'; readonly because: string };

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
  /** Of these, what the text report shows without `--verbose` too: little, or it is no longer one screen. */
  readonly brief?: readonly Block[];
}
