// The built-in probes in riding order: the only list of them.
import type { AnyProbe } from '../src/contract/probe.ts';
import { access } from './access/probe.ts';
import { balancer } from './balancer/probe.ts';
import { dns } from './dns/probe.ts';
import { hosts } from './hosts/probe.ts';
import { layers } from './layers/probe.ts';
import { path } from './path/probe.ts';
import { steps } from './steps/probe.ts';
import { tls } from './tls/probe.ts';

export const probes: readonly AnyProbe[] = [dns, balancer, hosts, tls, layers, access, steps, path];
