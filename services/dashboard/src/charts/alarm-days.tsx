import { type CountBar, CountBars } from '@flowline/charts';

import { poissonInterval } from '../format/promise.ts';
import { Sized } from './sized.tsx';

/** Alarms of a day, and those to be expected. */
export interface AlarmDay {
  readonly day: string;
  readonly expected: number;
  readonly measured: number;
}

const HEIGHT = 146;

/** Alarms by day as bars, each with the band in which 95 of 100 such days lie. */
export function AlarmDays({ days }: { readonly days: readonly AlarmDay[] }) {
  const title = `Alarms of ${days.length} days, from ${days.at(0)?.day ?? ''} to ${days.at(-1)?.day ?? ''}`;
  return (
    <Sized height={HEIGHT}>
      {(width) => <CountBars title={title} width={width} height={HEIGHT} bars={days.map(barOf)} />}
    </Sized>
  );
}

/** Bar of a day, with the band in which 95 of 100 such days lie if the promise holds. */
export const barOf = ({ day, measured, expected }: AlarmDay): CountBar => ({
  ...{ name: day, count: measured, ...poissonInterval(expected) },
  title: `${day}: ${measured} alarms, ${expected.toFixed(1)} expected`,
});
