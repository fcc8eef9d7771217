import { formatCount, Histogram } from '@flowline/charts';

import { poissonInterval } from '../format/promise.ts';
import { Sized } from './sized.tsx';

const HEIGHT = 210;

/** Shares of events by p-value, with the band in which they lie if p-values are calibrated. */
export function PValueHistogram({ cells }: { readonly cells: readonly number[] }) {
  const total = cells.reduce((sum, count) => sum + count, 0);
  const mean = total / cells.length;
  const { low, high } = poissonInterval(mean);
  return (
    <Sized height={HEIGHT}>
      {(width) => (
        <Histogram
          title={`${formatCount(total)} events by p-value; ${formatCount(mean)} expected in each of ${cells.length} cells`}
          {...{ width, height: HEIGHT, xLabel: 'p-value' }}
          edges={Array.from({ length: cells.length + 1 }, (_, i) => i / cells.length)}
          shares={cells.map((count) => count / total)}
          band={{ low: low / total, high: high / total }}
          reference={1 / cells.length}
        />
      )}
    </Sized>
  );
}
