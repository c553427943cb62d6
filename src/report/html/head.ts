// Owns the head of every HTML page: nothing may load or run, the one style sheet is named by its hash. CSP Level 3, 2.3.1 and 8.4.
import { createHash } from 'node:crypto';
import { type Html, html, nothing, styleElement } from '../escape/html.ts';
import { css } from './style.ts';

interface HeadOptions {
  /** Style sheet; the report's own by default. */
  readonly style?: string;
  /** Where a form may send what is typed into it. */
  readonly formAction?: "'none'" | "'self'";
  /** The page asks for itself again after so many seconds. */
  readonly refreshSeconds?: number;
}

export function headPart(
  title: string,
  { style = css, formAction = "'none'", refreshSeconds }: HeadOptions = {},
): Html {
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action ${formAction}`;
  const refresh =
    refreshSeconds === undefined ? nothing : html`<meta http-equiv="refresh" content="${refreshSeconds}">`;
  return html`<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">${refresh}<title>${title}</title>${styleElement(style)}</head>`;
}
