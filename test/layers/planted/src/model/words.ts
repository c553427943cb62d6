import { stepwise } from '../net/wire.ts';
export const words = stepwise;
