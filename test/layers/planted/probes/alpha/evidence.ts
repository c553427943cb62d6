import { derive } from './derive.ts';
import { part } from './evidence-part.ts';
export const evidence = [derive, part];
