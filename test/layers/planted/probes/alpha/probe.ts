import { gather } from './gather.ts';
export const alpha = gather;
