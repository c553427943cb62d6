// Owns the page of the latest probes on /probe: what each came to, the way to its log, and a form to probe once more. Needs no script and loads nothing.
import { documentText, type Html, html, nothing } from './escape/html.ts';
import { headPart } from './html/head.ts';
import { css } from './html/style.ts';
import { formatTime, plural } from './numbers.ts';

export interface ProbeRow {
  readonly id: number;
  readonly module: string;
  readonly target: string;
  readonly success: boolean;
  /** Unix ms */
  readonly endedAtMs: number;
}

export interface Probes {
  /** The latest first. */
  readonly rows: readonly ProbeRow[];
  readonly modules: readonly string[];
}

/** A page of more is no help: of results, and of modules to choose from. */
const MOST_ROWS = 500;
const MOST_MODULES = 500;

const style = `${css}
a{color:var(--notice)}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
form{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0;align-items:center}
input,select,button{font:inherit;padding:.3rem .6rem;border:1px solid var(--line);border-radius:.4rem;background:var(--bg);color:var(--text);max-width:100%}
input{flex:1 1 14rem}button{background:var(--panel);font-weight:600}
td{overflow-wrap:anywhere;min-width:4.5rem}
td.word{letter-spacing:0}
@media(max-width:36rem){
thead{display:none}
tr{display:grid;grid-template-columns:1fr auto auto;border-bottom:1px solid var(--line)}
td{border:0;padding:.2rem .6rem}
td:nth-child(2){grid-area:1/1/auto/-1}
td:nth-child(4){grid-area:3/1/auto/-1;color:var(--muted)}
}
`.replaceAll('\n', '');

export function probesPage({ rows, modules }: Probes): string {
  const failed = rows.filter(({ success }) => !success).length;
  const title = failed === 0 ? 'Recent probes' : `Recent probes: ${failed} of ${rows.length} failed`;
  return documentText(
    html`<!doctype html><html lang="en">${headPart(title, { style, formAction: "'self'" })}<body><header><h1>${title}</h1><nav><a href="metrics">Metrics</a><a href="config">Configuration</a></nav></header><main>${formPart(modules)}${rowsPart(rows)}</main></body></html>`,
  );
}

function formPart(modules: readonly string[]): Html {
  if (modules.length === 0) return nothing;
  const options = modules.slice(0, MOST_MODULES).map((name) => html`<option>${name}</option>`);
  return html`<form action="probe" method="get"><select name="module" aria-label="module">${options}</select><input name="target" required placeholder="target" aria-label="target"><button>Probe</button><button name="debug" value="true">Probe, and show the log</button></form>`;
}

function rowsPart(rows: readonly ProbeRow[]): Html {
  if (rows.length === 0) return html`<p class="muted">Nobody has asked for a probe yet.</p>`;
  const body = rows.slice(0, MOST_ROWS).map(rowPart);
  const more =
    rows.length > MOST_ROWS ? html`<p class="note">The latest ${plural(MOST_ROWS, 'probe')} are shown.</p>` : nothing;
  const head = ['Module', 'Target', 'Result', 'Ended', 'Debug'].map((name) => html`<th scope="col">${name}</th>`);
  return html`<div class="scroll" role="region" aria-label="recent probes" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>${more}`;
}

function rowPart({ id, module, target, success, endedAtMs }: ProbeRow): Html {
  const result = success
    ? html`<td class="ok">Success</td>`
    : html`<td class="word critical"><strong>Failure</strong></td>`;
  const at = formatTime(new Date(endedAtMs).toISOString());
  return html`<tr><td>${module}</td><td>${target}</td>${result}<td>${at}</td><td><a href="logs?id=${id}">Logs</a></td></tr>`;
}
