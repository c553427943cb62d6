import { readFileSync } from 'node:fs';
export const derive = readFileSync;
