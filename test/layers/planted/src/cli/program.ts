import { run } from '../main.ts';
import { page } from '../report/page.ts';
import { words } from '../utils/words.ts';
export const program = [page, run, words];
