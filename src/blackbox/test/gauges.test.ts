// Holds the exposition of gauges to what was said of them, whatever was printed before.
import { expect, test } from 'vitest';
import { expose, Gauges } from '../gauges.ts';

test.each(['text', 'openmetrics'] as const)(
  'a family without help leaves others of its name theirs: %s',
  (exposition) => {
    const headOf = (help: string): string | undefined => {
      const gauges = new Gauges();
      gauges.gauge('probe_of_this_test', help).set(1);
      return expose(gauges, exposition).split('\n')[0];
    };
    expect(headOf('')).toBe('# HELP probe_of_this_test ');
    expect(headOf('What it is')).toBe('# HELP probe_of_this_test What it is');
  },
);
