import { showsTextCharts, textBar, textSparkline } from '@flowline/charts/text';

/** True if standard output shows charts of text beside numbers; see NO_COLOR and FORCE_COLOR. */
export const hasTextCharts = (): boolean => showsTextCharts(process.stdout, process.env);

/** Bars of a column, each as long as its value beside the largest; none for absent values. */
export function barsOf(values: readonly (number | null)[], most?: number): readonly string[] {
  const largest = most ?? values.reduce<number>((found, value) => Math.max(found, value ?? 0), 0);
  return values.map((value) => (value === null ? '' : textBar(value, largest)));
}

/** Alarms by day of event time as a sparkline, with the days between which they lie. */
export function alarmDaysLine(days: readonly { readonly day: string; readonly measured: number }[]): string {
  const counts = days.map(({ measured }) => measured);
  const [first, last] = [days.at(0)?.day ?? '', days.at(-1)?.day ?? ''];
  return `${textSparkline(counts, { low: 0 })} at most ${Math.max(0, ...counts)}, ${first} to ${last}`;
}
