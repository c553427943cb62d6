import { probe } from '../contract/probe.ts';
import { stepwise } from '../net/wire.ts';
export const path = [probe, stepwise];
