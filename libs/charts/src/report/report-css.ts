import { chartCss, themeCss } from '../theme.ts';

/** Styles of a report, on a screen of any width and on paper. */
export const reportCss = `${themeCss}${chartCss}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.55 Inter,ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-variant-numeric:tabular-nums}
main,header.top{max-width:72rem;margin:0 auto;padding:0 1.5rem;overflow-wrap:anywhere}
header.top{padding-top:2.5rem}
h1{font-size:1.7rem;line-height:1.2;letter-spacing:-.02em;margin:0 0 .4rem;font-weight:650}
h2{font-size:1.1rem;margin:2.4rem 0 .3rem;letter-spacing:-.01em}
h3{font-size:.92rem;margin:0 0 .3rem;font-weight:600}
p{margin:.2rem 0 .8rem}
.muted{color:var(--muted)}
.small{font-size:.84rem}
.kicker{color:var(--accent);font-size:.8rem;font-weight:650;margin:0 0 .4rem}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1px;margin:1.3rem 0 0;background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.facts div{background:var(--surface);padding:.7rem .9rem}
.facts dt{color:var(--muted);font-size:.76rem}
.facts dd{margin:0;font-weight:600;font-size:1.05rem}
.card{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:1rem 1.1rem;min-width:0;break-inside:avoid}
.grid{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}
.grid.three{grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr))}
.event{margin-bottom:1rem}
.event header{display:flex;justify-content:space-between;gap:1rem;align-items:baseline;flex-wrap:wrap}
.event .sentence{font-weight:600;font-size:1rem;margin:.1rem 0 .7rem}
.bits{white-space:nowrap;color:var(--critical);font-weight:650}
.rows{display:grid;gap:.1rem .9rem;grid-template-columns:minmax(6rem,1.1fr) minmax(7rem,1fr) minmax(9rem,2fr) minmax(7rem,1.2fr) 4.2rem;align-items:center;font-size:.86rem;margin:0}
.rows>*{min-width:0}
.rows .head{color:var(--muted);font-size:.76rem}
.rows .number{text-align:right}
.rows [role=row]{display:contents}
.verdict{border-left:3px solid var(--muted);padding:.1rem 0 .1rem .8rem;margin:.5rem 0 1rem;font-weight:550}
.verdict.kept{border-color:var(--good)}
.verdict.broken{border-color:var(--critical)}
.notes{padding-left:1.1rem;margin:.4rem 0}
table{border-collapse:collapse;width:100%;font-size:.86rem}
th{color:var(--muted);font-weight:550;text-align:left;font-size:.78rem}
th,td{padding:.32rem .8rem .32rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.number,th.number{text-align:right;white-space:nowrap}
.scroll{overflow-x:auto}
.columns{max-height:22rem;overflow:auto}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
code{font:.84em ui-monospace,Menlo,'DejaVu Sans Mono',monospace}
footer{max-width:72rem;margin:2.5rem auto;padding:1rem 1.5rem;border-top:1px solid var(--line);color:var(--muted);font-size:.82rem;overflow-wrap:anywhere}
@media (max-width:40rem){main,header.top,footer{padding-left:1rem;padding-right:1rem}
.rows{grid-template-columns:1fr 1fr}.rows .head{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.rows .plot{grid-column:1/-1}.rows .number{text-align:left}.rows .name{font-weight:600;grid-column:1/-1;margin-top:.5rem}}
@media print{:root{--bg:#fff}body{font-size:10pt}.columns,.chart-scroll{max-height:none}.chart-numbers{display:none}h2{break-after:avoid}}
`;
