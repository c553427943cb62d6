// Owns the shape of everything that is written down. Evidence is JSON and nothing else: unknown is `null`.
import type { WireText } from './text.ts';

export type Json = null | boolean | number | string | WireText | readonly Json[] | { readonly [key: string]: Json };
