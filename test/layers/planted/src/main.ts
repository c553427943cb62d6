import { alpha } from '../probes/alpha/probe.ts';
export const run = alpha;
