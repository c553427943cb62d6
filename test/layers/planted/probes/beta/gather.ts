import { engine } from '../../src/journey/engine.ts';
export const record = engine;
