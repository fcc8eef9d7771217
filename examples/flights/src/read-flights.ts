import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { parseCsv } from '@flowline/config';
import { at, FlowlineError, messageOf } from '@flowline/events';
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

import type { Airport, FlightColumns } from './flights.ts';

const dataFile = (name: string): string =>
  path.join(path.dirname(fileURLToPath(import.meta.resolve('vega-datasets'))), '..', 'data', name);

/** Reads the airports of vega-datasets. */
export async function readAirports(): Promise<readonly Airport[]> {
  const file = dataFile('airports.csv');
  const { header, rows } = parseCsv(await readFile(file, 'utf8'), file);
  const column = (name: string): number => header.indexOf(name);
  const [iata, latitude, longitude] = ['iata', 'latitude', 'longitude'].map(column);
  const cell = (row: readonly string[], place = -1): string => (place < 0 ? '' : at(row, place));
  return rows.map((row) => ({
    iata: cell(row, iata),
    latitude: Number(cell(row, latitude)),
    longitude: Number(cell(row, longitude)),
  }));
}

/**
 * Reads the three million flights of vega-datasets, one row group at a time, into compact columns
 * (about 54 MB).
 * @param rowGroups number of row groups to read, of the file's eleven; the first ones are the first
 * weeks.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE.
 */
export async function readFlights(airports: readonly Airport[], rowGroups?: number): Promise<FlightColumns> {
  const name = dataFile('flights-3m.parquet');
  try {
    const file = await asyncBufferFromFile(name);
    const metadata = await parquetMetadataAsync(file);
    const builder = new ColumnBuilder(Number(metadata.num_rows), new Set(airports.map((airport) => airport.iata)));
    let rowStart = 0;
    for (const group of metadata.row_groups.slice(0, rowGroups)) {
      const rowEnd = rowStart + Number(group.num_rows);
      const columns = new Map<string, unknown[]>();
      await parquetRead({
        file,
        metadata,
        compressors,
        rowStart,
        rowEnd,
        onChunk: ({ columnName, columnData }) => {
          const column = columns.get(columnName) ?? [];
          for (const value of columnData) column.push(value);
          columns.set(columnName, column);
        },
      });
      builder.add(columns, rowEnd - rowStart);
      rowStart = rowEnd;
    }
    return builder.build();
  } catch (cause) {
    throw new FlowlineError(
      'FLOWLINE_FILE_UNREADABLE',
      `The flights of vega-datasets cannot be read: ${messageOf(cause)}`,
      { where: name, remedy: 'Install again: npm ci.', cause },
    );
  }
}

class ColumnBuilder {
  private size = 0;
  private skipped = 0;
  private readonly timeMs: Float64Array;
  private readonly delay: Int32Array;
  private readonly distance: Int32Array;
  private readonly origin: Uint16Array;
  private readonly destination: Uint16Array;
  private readonly codes: string[] = [];
  private readonly indices = new Map<string, number>();
  private readonly known: ReadonlySet<string>;

  constructor(capacity: number, known: ReadonlySet<string>) {
    this.timeMs = new Float64Array(capacity);
    this.delay = new Int32Array(capacity);
    this.distance = new Int32Array(capacity);
    this.origin = new Uint16Array(capacity);
    this.destination = new Uint16Array(capacity);
    this.known = known;
  }

  add(columns: ReadonlyMap<string, readonly unknown[]>, rows: number): void {
    const [date, delay, distance, origin, destination] = ['date', 'delay', 'distance', 'origin', 'destination'].map(
      (name) => columns.get(name) ?? [],
    );
    for (let row = 0; row < rows; row++) {
      const time = date?.[row];
      // int64 columns arrive as bigint.
      const minutes = Number(delay?.[row] ?? NaN);
      const miles = Number(distance?.[row] ?? NaN);
      const from = this.indexOf(origin?.[row]);
      const to = this.indexOf(destination?.[row]);
      if (
        !(time instanceof Date) ||
        !(Number.isFinite(minutes) && miles > 0) ||
        from === null ||
        to === null ||
        from === to
      ) {
        this.skipped++;
        continue;
      }
      const at = this.size++;
      this.timeMs[at] = time.getTime();
      this.delay[at] = minutes;
      this.distance[at] = miles;
      this.origin[at] = from;
      this.destination[at] = to;
    }
  }

  private indexOf(code: unknown): number | null {
    if (typeof code !== 'string' || !this.known.has(code)) return null;
    let index = this.indices.get(code);
    if (index === undefined) {
      index = this.codes.push(code) - 1;
      this.indices.set(code, index);
    }
    return index;
  }

  build(): FlightColumns {
    const { size, skipped, codes } = this;
    return {
      size,
      skipped,
      codes,
      timeMs: this.timeMs.subarray(0, size),
      delay: this.delay.subarray(0, size),
      distance: this.distance.subarray(0, size),
      origin: this.origin.subarray(0, size),
      destination: this.destination.subarray(0, size),
    };
  }
}
