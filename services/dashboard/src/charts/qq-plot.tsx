import { Curves, formatCount } from '@flowline/charts';

import { qqBand, qqPoints } from '../format/qq.ts';
import { Sized } from './sized.tsx';

const HEIGHT = 210;

/** Quantiles of p-values against those of as many calibrated ones, with their band of chance. */
export function QqPlot({ bits }: { readonly bits: readonly number[] }) {
  const points = qqPoints(bits);
  const total = points.at(0)?.events ?? 0;
  const band = qqBand(total);
  const most = Math.max(...points.map(({ observed }) => observed), ...band.map(({ high }) => high));
  return (
    <Sized height={HEIGHT}>
      {(width) => (
        <Curves
          title={`Observed against expected p-values of ${formatCount(total)} events, as −log10`}
          {...{ width, height: HEIGHT, xLabel: 'expected −log₁₀ p', yLabel: 'observed' }}
          series={[
            {
              ...{ name: 'observed', colour: 'var(--series-1)', hasDots: true },
              points: points.map(({ expected, observed }) => ({ x: expected, y: observed })),
            },
          ]}
          envelope={band}
          domain={{ x: [0, Math.log10(Math.max(10, total))], y: [0, most] }}
          hasDiagonal
        />
      )}
    </Sized>
  );
}
