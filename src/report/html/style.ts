// Owns the look of the HTML report: one style sheet for light and dark, wide and narrow, screen and paper.

export const css = `
:root{color-scheme:light dark;--bg:#fff;--panel:#f6f8fa;--line:#d0d7de;--text:#1c2128;--muted:#57606a;
--critical:#b42318;--warning:#8a5a00;--notice:#0a5ea8;--ok:#1a7f37;--bar:#4f7ea6;--grid:#e3e8ed}
@media(prefers-color-scheme:dark){:root{--bg:#0e1318;--panel:#161d25;--line:#303a45;--text:#e4e9ee;--muted:#9aa7b4;
--critical:#ff8b80;--warning:#e8b84a;--notice:#7db8f5;--ok:#5fd17a;--bar:#6f9dc4;--grid:#222b34}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.25rem 1rem 3rem;background:var(--bg);color:var(--text);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.35rem;line-height:1.3;margin:.1rem 0}
h2{font-size:1.05rem;margin:2.25rem 0 .75rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;line-height:1.4;margin:0}
h4{font-size:.9rem;margin:1.5rem 0 .25rem}
p{margin:.25rem 0}
code,pre{font:.875em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.muted,.note,figcaption small{color:var(--muted)}
.note{font-size:.875rem}
.critical{--tone:var(--critical)}.warning{--tone:var(--warning)}.notice,.unknown{--tone:var(--notice)}.ok{--tone:var(--ok)}
.verdict{border-left:.4rem solid var(--tone);padding:.15rem 0 .15rem .9rem}
.word{color:var(--tone);font-weight:700;letter-spacing:.05em;margin:0}
.tally{font-weight:600}
.incomplete{color:var(--warning);font-weight:600}
.finding{border:1px solid var(--line);border-left:.25rem solid var(--tone);border-radius:.4rem;padding:.7rem .9rem;margin:.75rem 0}
.mark{color:var(--tone);font-size:.8rem;letter-spacing:.05em;margin-right:.5rem}
.place{color:var(--tone);font-weight:600}
.steps{list-style:none;margin:.5rem 0 0;padding:0}
.steps li{margin:.3rem 0;padding-left:1.4rem;position:relative}
.steps li::before{content:"→";position:absolute;left:0;color:var(--muted)}
.steps li.command::before{content:"$"}
.command code{background:var(--panel);border-radius:.25rem;padding:.1rem .35rem;box-decoration-break:clone;-webkit-box-decoration-break:clone}
.pointers{font-size:.8rem;color:var(--muted);margin-top:.5rem}
.answers{display:grid;gap:.75rem;margin:0}
.answer{display:grid;grid-template-columns:7.5rem 1fr;gap:.1rem 1rem}
.answer dt{font-weight:600}
.answer dt small{color:var(--muted);font-weight:400;margin-right:.35rem}
.answer dd{margin:0}
.tag{font-size:.75rem;border:1px solid var(--line);border-radius:1rem;padding:.05rem .5rem;color:var(--muted);white-space:nowrap}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:.4rem;margin:.5rem 0}
.scroll:focus-visible,summary:focus-visible{outline:2px solid var(--notice);outline-offset:2px}
table{border-collapse:collapse;font-size:.875rem;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .7rem;text-align:left;vertical-align:top;overflow-wrap:normal;max-width:30rem;border-bottom:1px solid var(--line)}
td{overflow-wrap:break-word}
tr:last-child>*{border-bottom:0}
thead th{background:var(--panel);font-weight:600;white-space:nowrap}
.number{text-align:right;white-space:nowrap}
td.failed{color:var(--critical)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.25rem 2rem;margin-top:1rem}
figure{margin:0;min-width:0}
figure.whole{grid-column:1/-1}
figcaption{font-weight:600}
figcaption small{font-weight:400;margin-left:.5rem}
.strip{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 1rem;font-size:.8rem;margin-top:.4rem}
.strip svg{grid-column:1/-1}
.strip .who{font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.strip .who small{font-weight:400;color:var(--muted);margin-left:.4rem}
.strip .figures{font-variant-numeric:tabular-nums;white-space:nowrap}
.strip.critical .who,.strip.warning .who{color:var(--tone)}
.strip.critical .bar,.strip.warning .bar{fill:var(--tone)}
svg{display:block;width:100%;overflow:visible}
.bar{fill:var(--bar)}
.grid{stroke:var(--grid);stroke-width:1}
.base{stroke:var(--line);stroke-width:1}
.median{stroke:var(--text);stroke-width:2}
.high{fill:var(--bg);stroke:var(--text);stroke-width:1.5}
.tick{fill:var(--muted);font-size:11px}
details{border:1px solid var(--line);border-radius:.4rem;margin:.6rem 0;padding:0 .9rem}
summary{cursor:pointer;font-weight:600;padding:.55rem 0}
details[open]{padding-bottom:.7rem}
.facts{display:grid;grid-template-columns:minmax(6rem,max-content) 1fr;gap:.2rem 1rem;margin:.5rem 0;font-size:.9rem}
.facts dt{color:var(--muted)}
.facts dd{margin:0}
footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.75rem;font-size:.85rem;color:var(--muted)}
@media(min-width:60rem){figure.whole .strip{grid-template-columns:14rem minmax(0,1fr) 11rem;align-items:center}
figure.whole .strip svg{grid-column:2;grid-row:1}figure.whole .strip .who{grid-column:1}figure.whole .strip .figures{grid-column:3;text-align:right}}
@media(max-width:36rem){.answer{grid-template-columns:1fr}.facts{grid-template-columns:1fr}.facts dd{margin-bottom:.3rem}th,td{padding:.3rem .5rem}}
@media print{body{max-width:none}details{border:0}.finding,figure{break-inside:avoid}}
`.replaceAll('\n', '');
