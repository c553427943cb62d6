import { connect } from 'node:net';
import { engine } from '../journey/engine.ts';
export const stepwise = [connect, engine];
