/** Interval of a chart of scores. */
export interface Bucket {
  readonly at: string;
  readonly storedSeconds: number;
  readonly events: number;
  readonly anomalies: number;
  readonly expected: number;
  readonly meanBits: number;
  readonly minBits: number;
  readonly maxBits: number;
}

type Column = (number | null)[];

/** Time in seconds since 1970. */
export const secondsOf = (at: string): number => new Date(at).getTime() / 1_000;

/** Columns of a chart; where intervals have no events, lines break. */
export function columnsOf({
  buckets,
  seconds,
}: {
  readonly buckets: readonly Bucket[];
  /** Length of an interval. */
  readonly seconds: number;
}): [number[], Column, Column, Column, Column] {
  const columns: [number[], Column, Column, Column, Column] = [[], [], [], [], []];
  let end = Infinity;
  for (const { at, storedSeconds, events, expected, meanBits, minBits, maxBits } of buckets) {
    const x = secondsOf(at);
    const width = Math.max(seconds, storedSeconds);
    const values = [minBits, maxBits, meanBits, -Math.log2(expected / events)];
    if (x - end > width / 2) push(columns, (x + end) / 2, [null, null, null, null]);
    push(columns, x, values);
    // A long interval is drawn as long as it is.
    if (width > seconds) push(columns, x + 0.999 * width, values);
    end = x + width;
  }
  return columns;
}

function push([xs, ...rest]: [number[], ...Column[]], x: number, values: readonly (number | null)[]): void {
  xs.push(x);
  for (const [i, column] of rest.entries()) column.push(values.at(i) ?? null);
}
