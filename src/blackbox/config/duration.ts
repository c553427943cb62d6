// Owns durations in a blackbox.yml, as yaml.v3 reads a time.Duration. Knows no key.
import { formatGoDuration, goDuration } from '../go/duration.ts';
import { type GoType, stringNamed } from '../go/yaml.ts';

/** Milliseconds. A bare number is refused, as yaml.v3 does for a time.Duration. */
export const duration: GoType<number> = {
  name: 'time.Duration',
  zero: 0,
  read(node, was, reading) {
    const before = reading.issues.length;
    const text = stringNamed('time.Duration').read(node, '', reading);
    if (reading.issues.length > before) return was;
    const ms = /^[-+]?\d+$/.test(text) && text !== '0' ? null : goDuration(text);
    if (ms !== null) return ms;
    const shown = text.length > 10 ? `${text.slice(0, 7)}...` : text;
    const tag = /^[-+]?\d+$/.test(text) ? '!!int' : '!!str';
    reading.issues.push(`line ${reading.lineOf(node)}: cannot unmarshal ${tag} \`${shown}\` into time.Duration`);
    return was;
  },
  show: (ms) => (ms === 0 ? undefined : formatGoDuration(ms)),
};
