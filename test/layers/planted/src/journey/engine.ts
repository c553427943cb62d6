import { alpha } from '../../probes/alpha/probe.ts';
import { page } from '../report/page.ts';
export const engine = [page, alpha];
