import { record } from '../beta/gather.ts';
export const gather = record;
