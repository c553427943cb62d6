import { engine } from '../../src/journey/engine.ts';
import { part } from '../alpha/evidence-part.ts';
export const record = [engine, part];
