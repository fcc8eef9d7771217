import { CountBars, formatCount } from '@flowline/charts';

import { type AlarmDay, barOf } from './alarm-days.tsx';

const DAYS = 14;

/** Alarms by day as bars, with the band in which 95 of 100 days lie if the promise holds. */
export function AlarmSpark({ days }: { readonly days: readonly AlarmDay[] }) {
  if (days.length === 0) return <span class="muted small">no events yet</span>;
  const shown = days.slice(-DAYS);
  const total = (of: (day: AlarmDay) => number): string => formatCount(shown.reduce((sum, day) => sum + of(day), 0));
  const title =
    `Alarms of ${shown.length} days: ${total(({ measured }) => measured)} measured, ` +
    `${total(({ expected }) => expected)} expected`;
  return (
    <div class="spark">
      <CountBars title={title} isSmall places={DAYS} bars={shown.map(barOf)} />
    </div>
  );
}
