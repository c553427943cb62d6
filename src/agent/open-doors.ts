// Owns the lazy doors of probes while an agent rides: each is opened once. import() of what is there already still asks the loader, and a journey has
// fifty doors: a twelfth of its processor time.
import type { AnyProbe } from '../contract/probe.ts';

const DOORS = [
  ...(['defaults', 'options', 'policy', 'evidence', 'gather'] as const),
  ...(['beside', 'judgement', 'facts', 'metrics', 'section'] as const),
] as const;

/** The same probe; what is behind its doors stays at hand. */
export function openedOnce(probe: AnyProbe): AnyProbe {
  const doors = DOORS.filter((door) => probe[door] !== undefined).map((door) => {
    let opened: Promise<unknown> | undefined;
    const open = async (): Promise<unknown> => {
      opened ??= probe[door]?.();
      return opened;
    };
    return [door, open] as const;
  });
  return { ...probe, ...Object.fromEntries(doors) } as AnyProbe;
}
