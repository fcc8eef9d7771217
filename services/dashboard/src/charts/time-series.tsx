import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

import { useStore } from '../state/store.ts';
import { theme } from '../state/theme.ts';
import { type Bucket, columnsOf, secondsOf } from './columns.ts';
import { tickTexts } from './time-axis.ts';

/** Point that can be opened. */
export interface ChartPoint {
  readonly at: string;
  readonly bits: number;
  readonly label: string;
  /** Asks for a longer label. */
  readonly describe: () => Promise<string>;
  readonly onOpen: () => void;
}

/** Line across a chart at a time, with its name. */
export interface ChartMark {
  readonly at: string;
  readonly label: string;
}

interface Series {
  readonly buckets: readonly Bucket[];
  /** Length of an interval. */
  readonly seconds: number;
  readonly points: readonly ChartPoint[];
  readonly marks: readonly ChartMark[];
}

const HEIGHT = 280;
/** Height of the times below a chart, two lines of text; and width of the numbers beside it. */
const [TIMES, NUMBERS] = [36, 40];
const NEAR_PX = 14;
/** Time above a point after which it is described: not those that are passed over. */
const HOVER_MS = 150;
const ignore = (): void => undefined;

/**
 * Chart of scores over time: the mean with the range from the least to the most surprising event,
 * the threshold, anomalies as points that open, and marks. A drag zooms in, a double click out.
 */
export function ScoreChart({
  series,
  label,
  onZoom = ignore,
  height = HEIGHT,
}: {
  readonly series: Series;
  readonly label: string;
  /** Absent for a chart of one range. */
  readonly onZoom?: (range: { readonly from: Date; readonly to: Date } | null) => void;
  readonly height?: number;
}) {
  const place = useRef<HTMLDivElement>(null);
  const colours = useStore(theme);
  const latest = useRef({ series, onZoom });
  latest.current = { series, onZoom };
  const drawn = useRef<{ readonly plot: uPlot; series: Series } | null>(null);
  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    const first = latest.current.series;
    const plot = new uPlot(
      optionsOf(box, height, () => latest.current),
      columnsOf(first),
      box,
    );
    drawn.current = { plot, series: first };
    const resizing = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height }));
    resizing.observe(box);
    const stopOpening = openOnClick(plot, () => latest.current.series.points);
    return () => {
      drawn.current = null;
      stopOpening();
      resizing.disconnect();
      plot.destroy();
    };
  }, [colours, height]);
  useEffect(() => {
    if (drawn.current === null || drawn.current.series === series) return;
    // The same chart with other data: a drag that is under way goes on.
    drawn.current.series = series;
    drawn.current.plot.setData(columnsOf(series));
  }, [series]);
  return <div class="plot" ref={place} role="img" aria-label={label} />;
}

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

type Latest = () => { readonly series: Series; readonly onZoom: (range: { from: Date; to: Date } | null) => void };

function optionsOf(box: HTMLElement, height: number, latest: Latest): uPlot.Options {
  const [text, line] = [colour('--muted'), colour('--line')];
  const axis = {
    stroke: text,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
    font: `11px ${colour('--sans')}`,
  };
  const times: uPlot.Axis = {
    ...axis,
    size: TIMES,
    values: (_plot, splits, _axis, _space, step) => [...tickTexts(splits, step)],
  };
  return {
    width: box.clientWidth,
    height,
    padding: [14, 12, 0, 0],
    cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false },
    legend: { show: false },
    scales: { x: { time: true }, y: { range: (_plot, _min, max) => [0, Math.max(12, max * 1.08)] } },
    axes: [times, { ...axis, size: NUMBERS, values: (_plot, values) => values.map((value) => `${value}`) }],
    bands: [{ series: [2, 1], fill: colour('--band') }],
    series: [
      {},
      { stroke: 'transparent', points: { show: false } },
      { stroke: 'transparent', points: { show: false } },
      { stroke: colour('--series-1'), width: 1.75, points: { show: false } },
      { stroke: colour('--series-2'), width: 1.5, dash: [5, 4], points: { show: false } },
    ],
    hooks: {
      draw: [(plot) => drawMarks(plot, latest().series.marks), (plot) => drawPoints(plot, latest().series.points)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          const [from, to] = [left, left + width].map((px) => new Date(plot.posToVal(px, 'x') * 1_000));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (from !== undefined && to !== undefined) latest().onZoom({ from, to });
        },
      ],
      ready: [(plot) => plot.over.addEventListener('dblclick', () => latest().onZoom(null))],
    },
  };
}

function drawPoints(plot: uPlot, points: readonly ChartPoint[]): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  // A dashed series leaves its dashes.
  ctx.setLineDash([]);
  ctx.fillStyle = colour('--critical');
  ctx.strokeStyle = colour('--surface');
  ctx.lineWidth = ratio;
  for (const { at, bits } of points) {
    const [x, y] = [plot.valToPos(secondsOf(at), 'x', true), plot.valToPos(bits, 'y', true)];
    if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width) continue;
    ctx.beginPath();
    ctx.arc(x, Math.max(plot.bbox.top, y), 4 * ratio, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
}

function drawMarks(plot: uPlot, marks: readonly ChartMark[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  // A dashed series leaves its dashes.
  ctx.setLineDash([]);
  ctx.strokeStyle = colour('--line-strong');
  ctx.fillStyle = colour('--muted');
  ctx.textAlign = 'left';
  ctx.font = `${11 * devicePixelRatio}px ${colour('--sans')}`;
  ctx.lineWidth = devicePixelRatio;
  for (const { at, label } of marks) {
    const x = Math.max(bbox.left, plot.valToPos(secondsOf(at), 'x', true));
    if (x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillText(label, x + 4 * devicePixelRatio, bbox.top - 3 * devicePixelRatio);
  }
  ctx.restore();
}

/** Opens the point under a click, and shows a hand and its name above one. */
function openOnClick(plot: uPlot, points: () => readonly ChartPoint[]): () => void {
  const { over } = plot;
  const under = ({ offsetX, offsetY }: MouseEvent): ChartPoint | null => {
    let found: ChartPoint | null = null;
    let least = NEAR_PX;
    for (const point of points()) {
      const x = plot.valToPos(secondsOf(point.at), 'x') - offsetX;
      const y = Math.max(0, plot.valToPos(point.bits, 'y')) - offsetY;
      const distance = Math.hypot(x, y);
      if (distance < least) [found, least] = [point, distance];
    }
    return found;
  };
  let shown: ChartPoint | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const describe = (point: ChartPoint): void => {
    point.describe().then(
      (text) => {
        if (shown === point) over.title = text;
      },
      // The short label stays; the page that the point opens says what is wrong.
      () => undefined,
    );
  };
  const onMove = (event: MouseEvent): void => {
    const point = under(event);
    if (point === shown) return;
    shown = point;
    over.style.cursor = point === null ? '' : 'pointer';
    over.title = point?.label ?? '';
    clearTimeout(timer);
    if (point !== null) timer = setTimeout(() => describe(point), HOVER_MS);
  };
  const onClick = (event: MouseEvent): void => under(event)?.onOpen();
  over.addEventListener('mousemove', onMove);
  over.addEventListener('click', onClick);
  return () => {
    clearTimeout(timer);
    over.removeEventListener('mousemove', onMove);
    over.removeEventListener('click', onClick);
  };
}
