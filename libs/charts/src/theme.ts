/** Colours and shadows by name: those of the light and those of the dark theme. */
const tones: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  bg: ['#f7f8fa', '#0d0f13'],
  surface: ['#ffffff', '#14171d'],
  raised: ['#ffffff', '#1a1e26'],
  line: ['#e3e6eb', '#262b35'],
  'line-strong': ['#cdd2da', '#3a4150'],
  axis: ['#aab1bd', '#59616e'],
  text: ['#15181e', '#e8eaf0'],
  muted: ['#59616e', '#9aa3b3'],
  accent: ['#3450c8', '#8ea4ff'],
  'accent-soft': ['#e9edfb', '#1d2440'],
  'on-accent': ['#ffffff', '#0d0f13'],
  good: ['#14735c', '#5fcfae'],
  'good-soft': ['#e0f2ec', '#12302a'],
  info: ['#4f5d75', '#a9b4c8'],
  'info-soft': ['#eceff4', '#222833'],
  warning: ['#8a5a00', '#e5b657'],
  'warning-soft': ['#fbf0d9', '#33290f'],
  major: ['#b3420e', '#ff9d6c'],
  'major-soft': ['#fde9de', '#3a2114'],
  critical: ['#a8124f', '#ff86b3'],
  'critical-soft': ['#fbe3ed', '#3d1528'],
  'series-1': ['#3450c8', '#8ea4ff'],
  'series-2': ['#c2570c', '#f0a35c'],
  'series-3': ['#14735c', '#5fcfae'],
  'series-4': ['#7a4f9a', '#c9a3e8'],
  band: ['rgb(52 80 200 / 14%)', 'rgb(142 164 255 / 18%)'],
  bar: ['#9aa9e6', '#4d5da8'],
  shadow: [
    '0 1px 2px rgb(20 24 32 / 5%), 0 8px 24px rgb(20 24 32 / 8%)',
    '0 1px 2px rgb(0 0 0 / 40%), 0 12px 32px rgb(0 0 0 / 45%)',
  ],
};

const declarations = (place: 0 | 1): string =>
  Object.entries(tones)
    .map(([name, both]) => `--${name}:${both[place]};`)
    .join('');
const light = `${declarations(0)}color-scheme:light;`;
const dark = `${declarations(1)}color-scheme:dark;`;
const fixed = `--radius:10px;--mono:ui-monospace,'SF Mono','Cascadia Mono',Menlo,'DejaVu Sans Mono',monospace;
--sans:Inter,ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif;`;

/** Variables of the light and the dark theme, by the system or by `data-theme` of the root. */
export const themeCss = `:root{${fixed}${light}}
@media (prefers-color-scheme:dark){:root:not([data-theme='light']){${dark}}}
:root[data-theme='dark']{${dark}}`;

/**
 * Styles of the charts by the variables of a theme. Series differ by dashes, and what is outside
 * of a range by its shape, so that nothing depends on colour alone.
 */
export const chartCss = `
.chart{display:block;width:100%;height:auto;overflow:visible}
.chart text{fill:var(--muted);font:11px var(--sans);font-variant-numeric:tabular-nums}
.chart .chart-label{font-weight:600}
.chart .chart-strong{fill:var(--text);font-weight:600}
.chart-figure{margin:0}
.chart-grid{stroke:var(--line)}
.chart-axis{stroke:var(--axis)}
.chart-line{fill:none;stroke-width:1.75;stroke-linejoin:round}
.chart-filled{opacity:.16}
.stroke-1{stroke:var(--series-1)}
.stroke-2{stroke:var(--series-2);stroke-dasharray:6 3}
.stroke-3{stroke:var(--series-3);stroke-dasharray:2 3}
.stroke-4{stroke:var(--series-4);stroke-dasharray:9 3 2 3}
.chart-reference,.chart-mark{fill:none;stroke:var(--muted);stroke-dasharray:3 3}
.chart-mark-plain{stroke-width:1.5}
.chart-band{fill:var(--band)}
.chart-range{fill:var(--band);stroke:var(--series-1)}
.chart-median{stroke:var(--series-1);stroke-width:2}
.chart-bar{fill:var(--bar)}
.chart-bar.chart-accent{fill:var(--accent)}
.chart-count{fill:var(--series-1)}
.chart-count.chart-beyond{fill:var(--series-2)}
.chart-cell{fill:var(--accent)}
.chart-cell.chart-alarm{fill:var(--critical)}
.chart-empty{fill:var(--bg)}
.chart-area{fill:var(--band);stroke:var(--series-1)}
.chart-dot{fill:var(--text)}
.chart-dot.chart-accent{fill:var(--accent)}
.chart-inside{fill:var(--text);stroke:var(--surface);stroke-width:1.5}
.chart-outside{fill:var(--critical);stroke:var(--surface);stroke-width:1.5}
.chart-observed{stroke:var(--critical);stroke-width:2}
.chart-edge{stroke:var(--series-1);stroke-opacity:.55;stroke-dasharray:3 3}
.chart-spread{fill:var(--muted);fill-opacity:.2}
.chart-hover{fill:transparent}
.chart-hover:hover{fill:var(--text);fill-opacity:.08}
.chart-error{stroke:var(--muted);stroke-width:2}
.chart-error.chart-accent{stroke:var(--accent);stroke-width:3}
.chart-legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;color:var(--muted);font-size:.8rem}
.chart-legend span{display:inline-flex;align-items:center;gap:.4rem}
.chart-legend svg{width:22px;height:8px}
.chart-numbers{margin-top:.5rem;font-size:.82rem}
.chart-numbers summary{color:var(--muted);cursor:pointer;width:fit-content}
.chart-numbers a{color:var(--accent);display:inline-block;padding:.4rem 0}
.chart-numbers table{border-collapse:collapse;width:100%}
.chart-numbers th{position:sticky;top:0;background:var(--surface);color:var(--muted);font-weight:500;text-align:left;white-space:nowrap}
.chart-numbers th,.chart-numbers td{padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
.chart-numbers .number{text-align:right}
.chart-scroll{max-height:18rem;overflow:auto}
.visually-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}`;
