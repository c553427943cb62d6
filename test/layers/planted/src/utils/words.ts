import { parts } from './parts/index.ts';
export const words = parts;
