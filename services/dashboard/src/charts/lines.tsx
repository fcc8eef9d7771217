import { Curves } from '@flowline/charts';

import { Sized } from './sized.tsx';

/** Line of a chart. */
export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
  /** True for a line that is filled down to the axis. */
  readonly filled?: boolean;
}

/** Vertical mark of a chart. */
export interface VerticalMark {
  readonly x: number;
  readonly name: string;
  readonly colour: string;
}

/** Range across a chart. */
export interface VerticalBand {
  readonly low: number;
  readonly high: number;
}

interface Props {
  readonly lines: readonly Line[];
  readonly label: string;
  readonly xName: string;
  readonly height?: number;
  readonly marks?: readonly VerticalMark[];
  readonly bands?: readonly VerticalBand[];
  /** Bounds of y; by default those of the data. */
  readonly yRange?: readonly [number, number];
  /** Ticks of the axes; by default whole steps. */
  readonly ticks?: { readonly x?: readonly number[]; readonly y?: readonly number[] };
  readonly formatX?: (value: number) => string;
  readonly formatY?: (value: number) => string;
}

/** Chart of lines for the width that there is, with marks and ranges. */
export function Lines(props: Props) {
  const { lines, label, xName, height = 200, marks, bands, yRange, ticks, formatX, formatY } = props;
  const series = lines.map(({ name, colour, points, filled = false }) => ({
    ...{ name, colour, isFilled: filled },
    points: points.map(([x, y]) => ({ x, y })),
  }));
  return (
    <Sized height={height}>
      {(width) => (
        <Curves
          {...{ series, width, height }}
          title={label}
          xLabel={xName}
          yLabel=""
          hasLegend={false}
          format={{ ...(formatX && { x: formatX }), ...(formatY && { y: formatY }) }}
          {...(ticks && { ticks })}
          {...(marks && { marks })}
          {...(bands && { bands })}
          {...(yRange && { domain: { y: yRange } })}
        />
      )}
    </Sized>
  );
}
