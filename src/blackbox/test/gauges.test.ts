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

test.each<[quirks: boolean, exposition: 'text' | 'openmetrics', printed: string]>([
  [
    true,
    'text',
    'a 0\nb{x="",y="\\"\\n"} 2\nb{x="1"} 1.5e-05\nb{x="1 a"} 1e+06\nb{x="2"} 0\nc 5\nc{z="c"} 0.25\nd 3\n',
  ],
  [false, 'text', 'b{x="",y="\\"\\n"} 2\nb{x="1"} 1.5e-05\nb{x="1 a"} 1e+06\nc 5\nc{z="c"} 0.25\n'],
  [false, 'openmetrics', 'b{x="",y="\\"\\n"} 2.0\nb{x="1"} 1.5e-05\nb{x="1 a"} 1e+06\nc 5.0\nc{z="c"} 0.25\n# EOF\n'],
])('families are printed by name, their series by labels; quirks %s, %s', (quirks, exposition, printed) => {
  const gauges = new Gauges(quirks);
  gauges.gauge('d', '').setOr(null, 3);
  gauges.labelled('c', '', { z: 'c' }).add(0.25);
  gauges.labelled('b', '', { x: '2' });
  gauges.labelled('b', '', { x: '1 a' }).set(1e6);
  gauges.labelled('b', '', { x: '1' }).set(0.000_015);
  gauges.labelled('b', '', { y: '"\n', x: '' }).set(1);
  gauges.labelled('b', '', { x: '', y: '"\n' }).add(1);
  gauges.gauge('a', '');
  gauges.labelled('c', '', {}).set(5);
  gauges.gauge('gone', '').set(1);
  gauges.drop('gone');
  const series = expose(gauges, exposition).replaceAll(/^# (?:HELP|TYPE) .*\n/gm, '');
  expect(series).toBe(printed);
});
