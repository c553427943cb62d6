// Text from strangers on its way into a terminal, HTML, Markdown and a shell: shown in full, acting nowhere.
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wireText } from '../../model/text.ts';
import { documentText, html, styleElement } from '../escape/html.ts';
import { code, markdown, documentText as markdownText } from '../escape/markdown.ts';
import { shellQuote, shellWords } from '../escape/shell.ts';
import { terminal } from '../escape/terminal.ts';
import { ACTIVE_RANGES, activeIn, anyText } from './active.ts';

describe('terminal', () => {
  test.each([
    ['', ''],
    ['plain text, Zürich 漢字 🚀', 'plain text, Zürich 漢字 🚀'],
    ['\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
    ['\u001b]8;;https://evil.example\u001b\\click', '\\x1b]8;;https://evil.example\\x1b\\click'],
    ['\u001bP1$q\u009c', '\\x1bP1$q\\x9c'],
    ['\u009b2J', '\\x9b2J'],
    ['\u009d52;c;cm0=\u0007', '\\x9d52;c;cm0=\\x07'],
    ['a\0b', 'a\\x00b'],
    ['done\rOK', 'done\\x0dOK'],
    ['a\tb\nc\vd\fe', 'a\\x09b\\x0ac\\x0bd\\x0ce'],
    ['abc\b\b\bxyz\u007f', 'abc\\x08\\x08\\x08xyz\\x7f'],
    ['\u202egpj.exe\u202c', '\\u{202e}gpj.exe\\u{202c}'],
    ['\u2067abc\u2069', '\\u{2067}abc\\u{2069}'],
    ['pay\u200bpal\u200d\ufeff', 'pay\\u{200b}pal\\u{200d}\\u{feff}'],
    ['a\u2028b\u2029c', 'a\\u{2028}b\\u{2029}c'],
    ['\ud83d \ude80', '\\u{d83d} \\u{de80}'],
    ['tag\u{e0041}\u{e007f}', 'tag\\u{e0041}\\u{e007f}'],
    ['hidden\u{e0100}\u3164\u115f', 'hidden\\u{e0100}\\u{3164}\\u{115f}'],
    ['\ue000 private', '\\u{e000} private'],
    ['é and e\u0301', 'é and e\u0301'],
    ['z\u0301\u0302\u0303\u0304\u0305\u0306', 'z\u0301\u0302\u0303\u0304\\u{305}\\u{306}'],
    ['❤\ufe0f', '❤\ufe0f'],
  ])('%j is shown as %j', (text, shown) => {
    expect(terminal(text)).toBe(shown);
    expect(terminal(wireText(text))).toBe(shown);
  });

  test.each(ACTIVE_RANGES)('%s are spelled out, all of them', (_, first, last) => {
    for (let unit = first; unit <= last; unit += 1) {
      const character = unit > 0xffff ? String.fromCodePoint(unit) : String.fromCharCode(unit);
      const shown = terminal(`a${character}b`);
      expect(shown).toMatch(/^a\\(x[0-9a-f]{2}|u\{[0-9a-f]+\})b$/);
      expect(shown).toContain(unit.toString(16));
    }
  });

  test('lets no active character through, whatever is said; a second pass changes nothing', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = terminal(text);
        expect(activeIn(shown)).toEqual([]);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Bidi_Control}]|\p{M}{5}/u);
        expect(shown.isWellFormed()).toBe(true);
        expect(terminal(shown)).toBe(shown);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['controls', '\u001b'],
    ['tags', '\u{e0041}'],
    ['piled up marks', '\u0301'],
    ['plain letters', 'a'],
  ])('a million %s grow by a bounded factor', (_, character) => {
    const text = character.repeat(1_000_000);
    const shown = terminal(text);
    expect(shown.length).toBeGreaterThanOrEqual(1_000_000);
    expect(shown.length).toBeLessThanOrEqual(8 * text.length);
    expect(terminal(wireText(text)).length).toBeLessThanOrEqual(8 * 4097);
  });
});

/** Reads entities back as a browser does (HTML 13.2.5.72), for those that the escape makes. */
function decoded(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return text.replace(/&(?:#(\d+)|([a-z]+));/g, (_, number: string | undefined, name: string | undefined) =>
    number === undefined ? (named[name ?? ''] ?? '?') : String.fromCodePoint(Number(number)),
  );
}

const inElement = (text: string): string => documentText(html`<p>${text}</p>`).slice('<p>'.length, -'</p>\n'.length);
const inAttribute = (text: string): string =>
  documentText(html`<p title="${text}">`).slice('<p title="'.length, -'">\n'.length);

describe('html', () => {
  test.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['" onmouseover="alert(1)', '&quot; onmouseover&#61;&quot;alert(1)'],
    ["' onfocus='alert(1)", '&#39; onfocus&#61;&#39;alert(1)'],
    ['a` b=`c', 'a&#96; b&#61;&#96;c'],
    ['&lt;b&gt; &#0; &', '&amp;lt;b&amp;gt; &amp;#0; &amp;'],
    ['</title></style><img src=x>', '&lt;/title&gt;&lt;/style&gt;&lt;img src&#61;x&gt;'],
    ['<!-- --> ]]>', '&lt;!-- --&gt; ]]&gt;'],
    ['\u001b[2J\u202e\0\n', '\\x1b[2J\\u{202e}\\x00\\x0a'],
    ['漢字 grüße', '漢字 grüße'],
  ])('%j reads %j in an element and in an attribute', (text, written) => {
    expect(inElement(text)).toBe(written);
    expect(inAttribute(text)).toBe(written);
    expect(documentText(html`<p>${wireText(text)}</p>`)).toBe(`<p>${written}</p>\n`);
  });

  test('holds no markup, whatever is said, and reads back as what a terminal would show', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const written of [inElement(text), inAttribute(text)]) {
          expect(written).not.toMatch(/[<>"'`=]/);
          expect(activeIn(written)).toEqual([]);
          expect(decoded(written)).toBe(terminal(text));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('takes its own pieces as they are, lists of them too, and numbers', () => {
    const items = ['a', '<b>'].map((text) => html`<li>${text}</li>`);
    expect(documentText(html`<ol start="${3}">${items}</ol>`)).toBe(
      '<ol start="3"><li>a</li><li>&lt;b&gt;</li></ol>\n',
    );
  });

  test('an object that only looks like a piece is no piece', () => {
    const forged = { text: '<b>', toString: () => '<i>' };
    expect(() => documentText(html`${forged as never}`)).toThrow();
  });

  test('a style sheet that could end its element is refused', () => {
    expect(() => styleElement('a{}</style>')).toThrow('markup');
    expect(documentText(styleElement('a{}'))).toBe('<style>a{}</style>\n');
  });
});

const inMarkdown = (text: string): string => markdownText(markdown`${text}`).slice(0, -1);

describe('markdown', () => {
  test.each([
    ['plain text, really.', 'plain text, really.'],
    ['a|b', 'a\\|b'],
    ['a`b`c', 'a\\`b\\`c'],
    ['**bold** __too__ ~~gone~~', '\\*\\*bold\\*\\* \\_\\_too\\_\\_ \\~\\~gone\\~\\~'],
    ['[x](y) ![i](j)', '\\[x\\](y) !\\[i\\](j)'],
    ['<img src=x> &amp;', '&lt;img src=x&gt; &amp;amp;'],
    ['# heading', '<code>#</code> heading'],
    ['fixes #12, @team, GH-7', 'fixes <code>#</code>12, <code>@</code>team, GH<code>-</code>7'],
    ['https://a.example www.b.example', 'https<code>:</code>//a.example www<code>.</code>b.example'],
    ['_https://a.example 1http://b.example', '\\_https<code>:</code>//a.example 1http<code>:</code>//b.example'],
    ['xwww.a.example aGH-1', 'xwww<code>.</code>a.example aGH<code>-</code>1'],
    ['mailto:a@b.example', 'mailto<code>:</code>a<code>@</code>b.example'],
    ['- item', '\\- item'],
    ['+ item', '\\+ item'],
    ['===', '\\==='],
    ['---', '\\---'],
    ['1. item', '1\\. item'],
    ['12) item', '12\\) item'],
    ['1.5 ms', '1.5 ms'],
    ['-1 is a number', '-1 is a number'],
    ['\\| \\', '\\\\\\| \\\\'],
    ['$x$', '\\$x\\$'],
    ['    indented', 'indented'],
    ['a\nb\r\n# c', 'a\\\\x0ab\\\\x0d\\\\x0a<code>#</code> c'],
    ['\u202e\u001b[1m', '\\\\u{202e}\\\\x1b\\[1m'],
  ])('%j is written as %j', (text, written) => {
    expect(inMarkdown(text)).toBe(written);
    expect(markdownText(markdown`${wireText(text)}`)).toBe(`${written}\n`);
  });

  test.each([
    ['probe -n 4', '`probe -n 4`'],
    ['[x](y) <b> @team #1', '`[x](y) <b> @team #1`'],
    ['', ''],
    ['   ', ''],
    ['a`b', 'a\\`b'],
    ['``', '\\`\\`'],
    ['a|b', 'a\\|b'],
    ['a\nb', '`a\\x0ab`'],
  ])('%j as code is written as %j', (text, written) => {
    expect(markdownText(markdown`${code(text)}`)).toBe(`${written}\n`);
  });

  test('keeps every text on one line, in its cell and out of HTML, and none of it is lost', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const written = inMarkdown(text);
        const ours = written.replaceAll(/<code>([@#.:-])<\/code>/g, '$1');
        expect(activeIn(written)).toEqual([]);
        expect(ours).not.toMatch(/[<>]|(?<!\\)(\\\\)*(?!\\)[`*_[\]~|$]/);
        expect(ours).not.toMatch(/&(?!amp;|lt;|gt;)/);
        const read = decoded(ours.replaceAll(/\\([!-/:-@[-`{-~])/g, '$1'));
        expect(read).toBe(terminal(text).trim());
      }),
      { numRuns: 500 },
    );
  });

  test('a code span is ended by nothing in it', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const written = markdownText(markdown`${code(text)}`).slice(0, -1);
        if (/^`[^`|]+`$/.test(written)) expect(written.slice(1, -1)).toBe(terminal(text).trim());
        else expect(written).toBe(inMarkdown(text));
      }),
      { numRuns: 300 },
    );
  });
});

/** What a POSIX shell hands to a program that is called with this line. */
function read(argv: readonly string[]): readonly string[] {
  const line = shellQuote(['printf', '%s\\0', ...argv]);
  return execFileSync('sh', ['-c', line], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

describe('shell', () => {
  test.each([
    [['probe', 'https://a.example:43111/', '-n', '400'], 'probe https://a.example:43111/ -n 400'],
    [['echo', ''], "echo ''"],
    [['echo', 'a b'], "echo 'a b'"],
    [['echo', "it's"], "echo 'it'\\''s'"],
    [['echo', '$(id) `id` $HOME'], "echo '$(id) `id` $HOME'"],
    [['echo', '*', '~', '~root', '#x', '!!'], "echo '*' '~' '~root' '#x' '!!'"],
    [['echo', 'a;b', 'a&b', 'a|b', '<x', '>x'], "echo 'a;b' 'a&b' 'a|b' '<x' '>x'"],
    [['echo', '{a,b}', '=ls'], "echo '{a,b}' '=ls'"],
    [['LD_PRELOAD=x', 'a=b'], "'LD_PRELOAD=x' a=b"],
    [['echo', 'x\nid\r\u001b[2J'], "echo 'x\\x0aid\\x0d\\x1b[2J'"],
    [['echo', 'a\u00a0b', 'ü'], "echo 'a\u00a0b' 'ü'"],
  ])('%j is pasted as %j', (argv, line) => {
    expect(shellQuote(argv)).toBe(line);
    expect(shellWords(argv)).toHaveLength(argv.length);
  });

  test.each([
    ["'", "''", "'''", "\\'"],
    ['\\', '\\\\', '"', '$"x"', "$'\\x41'"],
    ['', ' ', '  ', '-n', '--', '-e'],
    ['%s', '%d', '%%'],
    ['a'.repeat(10_000), "'".repeat(1_000)],
  ])('a real shell reads the words back', (...argv) => {
    expect(read(argv)).toEqual(argv);
  });

  test('a real shell reads back what the terminal showed, for any text', () => {
    const shellText = fc.string({ unit: fc.constantFrom(...'\'"\\$`!*?[]{}()<>|&;#~= \n\t-ab%'), maxLength: 30 });
    const argv = fc.array(fc.oneof(anyText, shellText), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(argv, (texts) => {
        const words = read(texts);
        expect(words).toEqual(texts.map(terminal));
        expect(activeIn(shellQuote(texts))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
