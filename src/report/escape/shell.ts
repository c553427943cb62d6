// Owns the way of a command into a terminal from where a person pastes it into a POSIX shell.
// Never decides what an argument means: a word that starts with `-` stays one word, but whoever builds argv puts `--` before it.
import type { WireText } from '../../model/text.ts';
import { type Printable, terminal } from './terminal.ts';

/** Characters that no POSIX shell gives a meaning inside a word (XCU 2.2), so that plain words stay readable. */
const PLAIN = /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/;

/**
 * Each argument as one shell word, quoted where it must be. POSIX XCU 2.2.2.
 * Control and other active characters are spelled out first: the pasted command then asks for something harmless
 * instead of pressing Return, and the terminal that shows it is not driven by it.
 */
export function shellWords(argv: readonly (string | WireText)[]): readonly Printable[] {
  return argv.map((argument, index) => {
    const word = terminal(argument);
    const assigns = index === 0 && word.includes('=');
    return PLAIN.test(word) && !assigns ? word : (`'${word.replaceAll("'", `'\\''`)}'` as Printable);
  });
}

/** One line that a person can read and paste. */
export function shellQuote(argv: readonly (string | WireText)[]): string {
  return shellWords(argv).join(' ');
}
