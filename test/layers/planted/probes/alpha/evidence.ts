import { derive } from './derive.ts';
export const evidence = derive;
