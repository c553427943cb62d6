import { derive } from './derive.ts';
export const part = derive;
