import { at } from '@flowline/events';
import type { Random } from '@flowline/flows';

/** One flight of the data set, with the fields of a demo event. */
export interface Flight {
  readonly id: string;
  /** Scheduled departure, milliseconds since the epoch (the data set's local time, read as UTC). */
  readonly timeMs: number;
  /** Minutes late on arrival; negative is early. */
  readonly delay: number;
  /** Miles. */
  readonly distance: number;
  /** IATA codes. */
  readonly origin: string;
  readonly destination: string;
}

/** An airport and its position in degrees. */
export interface Airport {
  readonly iata: string;
  readonly latitude: number;
  readonly longitude: number;
}

/** Columns of all flights, in time order. Airports are indices into `codes`. */
export interface FlightColumns {
  readonly size: number;
  readonly timeMs: Float64Array;
  readonly delay: Int32Array;
  readonly distance: Int32Array;
  readonly origin: Uint16Array;
  readonly destination: Uint16Array;
  readonly codes: readonly string[];
  /** Rows of the file that lack a value or a known airport. */
  readonly skipped: number;
}

/** First row of a time-ordered file at or after a share of its time range. */
export function rowAtShare({ timeMs, size }: FlightColumns, share: number): number {
  const first = at(timeMs, 0);
  const cut = first + (at(timeMs, size - 1) - first) * share;
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(timeMs, middle) < cut) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Samples `count` flights of rows start ≤ row < end in time order: one at random from each of as
 * many equal stretches.
 */
export function sampleFlights(
  columns: FlightColumns,
  start: number,
  end: number,
  count: number,
  random: Random,
): Flight[] {
  const wanted = Math.min(count, end - start);
  return Array.from({ length: wanted }, (_, i) => {
    const from = start + Math.floor(((end - start) * i) / wanted);
    const to = start + Math.floor(((end - start) * (i + 1)) / wanted);
    return flightAt(columns, from + random.integer(to - from));
  });
}

function flightAt(columns: FlightColumns, row: number): Flight {
  const code = (column: Uint16Array): string => at(columns.codes, at(column, row));
  return {
    id: `flight-${row}`,
    timeMs: at(columns.timeMs, row),
    delay: at(columns.delay, row),
    distance: at(columns.distance, row),
    origin: code(columns.origin),
    destination: code(columns.destination),
  };
}
