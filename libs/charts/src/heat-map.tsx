/** @jsxRuntime automatic @jsxImportSource preact */
import { scaleLinear } from 'd3-scale';

import { at } from './at.ts';
import { extentOf } from './extent.ts';
import { formatValue } from './format.ts';
import { HeatCells } from './heat-strip.tsx';
import { type ChartProps, Plot } from './plot.tsx';
import { shortened } from './shortened.ts';

/** Values by row and column; a cell that is not finite is empty. */
export interface HeatMapProps extends ChartProps {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly values: readonly (readonly number[])[];
  readonly format?: (value: number) => string;
}

const [NAMES, CELL, MOST_CHARACTERS] = [130, 18, 18];

/** Cells of one colour, the darker the larger their value, each with its number as a title. */
export function HeatMap(props: HeatMapProps) {
  const { rows, columns, values, format = formatValue, width = 640 } = props;
  const height = rows.length * CELL + 24;
  const strength = scaleLinear().domain(extentOf(values.flat())).range([0, 1]);
  const cellsOf = (name: string, row: number) =>
    at(values, row).flatMap((value, place) =>
      Number.isFinite(value)
        ? [{ place, strength: strength(value), title: `${name}, ${at(columns, place)}: ${format(value)}` }]
        : [],
    );
  return (
    <Plot {...props} width={width} height={height}>
      {rows.map((name, row) => (
        <g key={row}>
          <text x={NAMES - 8} y={row * CELL + 13} text-anchor="end">
            {shortened(name, MOST_CHARACTERS)}
          </text>
          <HeatCells
            cells={cellsOf(name, row)}
            places={columns.length}
            box={{ x: NAMES, y: row * CELL + 1, width: width - NAMES, height: CELL - 2 }}
            kind="chart-cell"
          />
        </g>
      ))}
      <text x={NAMES} y={height - 6}>
        {columns.at(0)}
      </text>
      <text x={width} y={height - 6} text-anchor="end">
        {columns.at(-1)}
      </text>
    </Plot>
  );
}
