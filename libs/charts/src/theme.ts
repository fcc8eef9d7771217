const light = `--bg:#f7f8fa;--surface:#fff;--line:#e3e6eb;--line-strong:#aab1bd;--text:#15181e;--muted:#59616e;--accent:#3450c8;
--accent-soft:#e9edfb;--good:#14735c;--warning:#8a5a00;--critical:#a8124f;--series-1:#3450c8;--series-2:#c2570c;--series-3:#14735c;
--series-4:#7a4f9a;--band:rgb(52 80 200 / 14%);--bar:#9aa9e6;color-scheme:light;`;
const dark = `--bg:#0d0f13;--surface:#14171d;--line:#262b35;--line-strong:#59616e;--text:#e8eaf0;--muted:#9aa3b3;--accent:#8ea4ff;
--accent-soft:#1d2440;--good:#5fcfae;--warning:#e5b657;--critical:#ff86b3;--series-1:#8ea4ff;--series-2:#f0a35c;--series-3:#5fcfae;
--series-4:#c9a3e8;--band:rgb(142 164 255 / 18%);--bar:#4d5da8;color-scheme:dark;`;

/** Variables of the light and the dark theme, by the system or by `data-theme` of the root. */
export const themeCss = `:root{${light}}
@media (prefers-color-scheme:dark){:root:not([data-theme='light']){${dark}}}
:root[data-theme='dark']{${dark}}`;

/**
 * Styles of the charts by the variables of a theme. Series differ by dashes, and what is outside
 * of a range by its shape, so that nothing depends on colour alone.
 */
export const chartCss = `
.chart{display:block;width:100%;height:auto;overflow:visible}
.chart text{fill:var(--muted);font:11px ui-sans-serif,system-ui,sans-serif;font-variant-numeric:tabular-nums}
.chart .chart-label{font-weight:600}
.chart .chart-strong{fill:var(--text);font-weight:600}
.chart-figure{margin:0}
.chart-grid{stroke:var(--line)}
.chart-axis{stroke:var(--line-strong)}
.chart-line{fill:none;stroke-width:1.75;stroke-linejoin:round}
.stroke-1{stroke:var(--series-1)}
.stroke-2{stroke:var(--series-2);stroke-dasharray:6 3}
.stroke-3{stroke:var(--series-3);stroke-dasharray:2 3}
.stroke-4{stroke:var(--series-4);stroke-dasharray:9 3 2 3}
.chart-reference,.chart-mark{fill:none;stroke:var(--muted);stroke-dasharray:3 3}
.chart-band{fill:var(--band)}
.chart-range{fill:var(--band);stroke:var(--series-1)}
.chart-median{stroke:var(--series-1);stroke-width:2}
.chart-bar{fill:var(--bar)}
.chart-bar.chart-accent{fill:var(--accent)}
.chart-cell{fill:var(--accent)}
.chart-area{fill:var(--band);stroke:var(--series-1)}
.chart-dot{fill:var(--text)}
.chart-dot.chart-accent{fill:var(--accent)}
.chart-inside{fill:var(--text);stroke:var(--surface);stroke-width:1.5}
.chart-outside{fill:var(--critical);stroke:var(--surface);stroke-width:1.5}
.chart-observed{stroke:var(--critical);stroke-width:2}
.chart-error{stroke:var(--muted);stroke-width:2}
.chart-legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;color:var(--muted);font-size:.8rem}
.chart-legend span{display:inline-flex;align-items:center;gap:.4rem}
.chart-legend svg{width:22px;height:8px}
.chart-numbers{margin-top:.5rem;font-size:.82rem}
.chart-numbers summary{color:var(--muted);cursor:pointer;width:fit-content}
.chart-numbers a{color:var(--accent);display:inline-block;padding:.4rem 0}
.chart-scroll{max-height:18rem;overflow:auto}
.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}`;
