import { engine } from '../journey/engine.ts';
export const world = engine;
