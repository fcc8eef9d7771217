/** @jsxRuntime automatic @jsxImportSource preact */
import { type ChartProps, Plot } from './plot.tsx';

/** Cell of a row of cells. */
export interface HeatCell {
  /** Place in the row, from 0. */
  readonly place: number;
  /** 0 to 1. */
  readonly strength: number;
  /** Text that is shown above it on hover. */
  readonly title: string;
}

/** Row of cells, the darker the stronger; places without a cell are empty. */
export interface HeatStripProps extends ChartProps {
  readonly cells: readonly HeatCell[];
  readonly places: number;
}

/** Cells of a row, in the colour of alarms. */
export function HeatStrip(props: HeatStripProps) {
  const { cells, places, height = 18, width = 9 * places } = props;
  const box = { x: 0, y: 0, width, height };
  return (
    <Plot {...props} width={width} height={height}>
      <rect class="chart-empty" {...box} rx="3" />
      <HeatCells cells={cells} places={places} box={box} kind="chart-cell chart-alarm" />
    </Plot>
  );
}

/** Cells of a row in their place of a chart. */
export function HeatCells({
  cells,
  places,
  box: { x, y, width, height },
  kind,
}: {
  readonly cells: readonly HeatCell[];
  readonly places: number;
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly kind: string;
}) {
  const step = width / Math.max(1, places);
  return (
    <>
      {cells.map(({ place, strength, title }) => (
        <rect
          key={place}
          class={kind}
          x={x + place * step + 0.5}
          width={Math.max(1, step - 1)}
          y={y}
          height={height}
          rx="1.5"
          fill-opacity={0.12 + 0.88 * strength}
        >
          <title>{title}</title>
        </rect>
      ))}
    </>
  );
}
