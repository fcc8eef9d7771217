import { at } from '@flowline/events';
import type pg from 'pg';

import { BinaryRows, type NumberCells, type ValueCells } from './binary-rows.ts';
import { CopyOut } from './copy-out.ts';
import { closeClient, cutClient, type Database } from './database.ts';
import { toFlowlineError } from './database-error.ts';
import { type HistorySummary, summarise } from './history.ts';
import { countGaps, type GapCount, type GapRequest, knowsTimezone } from './history-gaps.ts';
import {
  asUserQuery,
  type CheckedHistory,
  checkHistory,
  type HistoryColumn,
  type HistorySource,
  oneStatement,
} from './history-query.ts';
import { type HistoryRead, historyRows, type HistoryRows } from './history-rows.ts';
import { openSnapshot } from './history-snapshot.ts';

/** Rows of a history, by column. The arrays may be those of the next batch. */
export interface HistoryBatch {
  readonly size: number;
  /** Times in whole milliseconds since the epoch; NaN for a row without a valid time. */
  readonly timesMs: Float64Array;
  /** Values of the time column, if it holds numbers or text. */
  readonly timeValues: NumberCells | ValueCells | null;
  /** Text of invalid times; null for a row with a valid one or none. */
  readonly badTimes: readonly unknown[] | null;
  /** Cells of the wanted columns. */
  readonly cells: readonly (NumberCells | ValueCells)[];
  /** Number of rows before thinning, and the time of the first. Null unless asked for. */
  readonly totals: { readonly rows: number; readonly firstMs: number } | null;
}

/** Cells of a batch, which bound its memory and the time that it takes. */
const BATCH_CELLS = 40_000;

/**
 * Reading of a history in one read-only snapshot. It ends at once if the signal aborts, and so does
 * its query on the server.
 */
export class HistorySession {
  readonly columns: readonly HistoryColumn[];
  readonly #client: pg.Client;
  readonly #address: string;
  readonly #source: HistorySource;
  readonly #history: CheckedHistory;
  readonly #signal: AbortSignal;
  readonly #cut: () => void;

  private constructor(
    client: pg.Client,
    db: Database,
    source: HistorySource,
    history: CheckedHistory,
    signal: AbortSignal,
    cut: () => void,
  ) {
    this.#client = client;
    this.#address = db.address;
    this.#source = source;
    this.#history = history;
    this.#signal = signal;
    this.#cut = cut;
    this.columns = history.columns;
  }

  /** @throws FlowlineError FLOWLINE_HISTORY_INVALID naming the missing table or column. */
  static async open(db: Database, source: HistorySource, signal: AbortSignal): Promise<HistorySession> {
    signal.throwIfAborted();
    const client = await openSnapshot(db);
    const cut = (): void => cutClient(client);
    signal.addEventListener('abort', cut, { once: true });
    try {
      signal.throwIfAborted();
      return new HistorySession(client, db, source, await checkHistory(client, source), signal, cut);
    } catch (error) {
      signal.removeEventListener('abort', cut);
      await closeClient(client);
      signal.throwIfAborted();
      throw toFlowlineError(error, db.address);
    }
  }

  /** Estimated number of rows, by the planner: the query is not run. */
  async estimatedRows(): Promise<number> {
    return this.#run(async () => {
      const statement = oneStatement(`EXPLAIN (FORMAT JSON) SELECT * FROM ${this.#history.table}`);
      const { rows } = await this.#client.query<{ 'QUERY PLAN': readonly [{ Plan: { 'Plan Rows': number } }] }>(
        statement,
      );
      return rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0;
    });
  }

  /** Counts the whole history by days: one run of the query. */
  summarise(): Promise<HistorySummary> {
    return this.#run(() => summarise(this.#client, this.#source, this.#history));
  }

  /** Counts the gaps between events: one run of the query. */
  gaps(request: GapRequest): Promise<readonly GapCount[]> {
    return this.#run(() => countGaps(this.#client, this.#history, request));
  }

  /** True if Postgres knows a time zone by its name. */
  knowsTimezone(timezone: string): Promise<boolean> {
    return this.#run(() => knowsTimezone(this.#client, timezone));
  }

  /** Reads rows: one run of the query. */
  async *read(request: HistoryRead): AsyncGenerator<HistoryBatch, void, undefined> {
    const rows = historyRows(this.#history, request);
    // As part of COPY, only a text that is one complete SELECT by itself.
    await this.#run(() => this.#client.query(oneStatement(`SELECT * FROM (${rows.text}\n) AS checked LIMIT 0`)));
    const binary = new BinaryRows(rows.formats, Math.max(64, Math.floor(BATCH_CELLS / rows.formats.length)));
    const stream = this.#client.query(new CopyOut(`COPY (${rows.text}\n) TO STDOUT (FORMAT binary)`));
    try {
      for await (const bytes of stream) {
        binary.add(bytes as Buffer);
        for (let size = binary.fill(); size > 0; size = binary.fill()) yield batchOf(rows, binary, size);
      }
    } catch (error) {
      this.#signal.throwIfAborted();
      await asUserQuery(this.#source.query, () => Promise.reject(error as Error)).catch((failure: unknown) => {
        throw toFlowlineError(failure, this.#address);
      });
    }
    const size = binary.take();
    if (size > 0) yield batchOf(rows, binary, size);
  }

  /** Ends the session, also within a reading. */
  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#cut);
    cutClient(this.#client);
    await closeClient(this.#client);
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await asUserQuery(this.#source.query, work);
    } catch (error) {
      this.#signal.throwIfAborted();
      throw toFlowlineError(error, this.#address);
    }
  }
}

function batchOf({ places }: HistoryRows, { cells }: BinaryRows, size: number): HistoryBatch {
  const numbers = (place: number): Float64Array => (cells[place] as NumberCells).values;
  const { time, timeValue, badTime, totals, wanted } = places;
  return {
    size,
    timesMs: numbers(time),
    timeValues: timeValue === null ? null : at(cells, timeValue),
    badTimes: badTime === null ? null : (cells[badTime] as ValueCells).values,
    cells: cells.slice(wanted),
    totals: totals === null ? null : { rows: at(numbers(totals), 0), firstMs: at(numbers(totals + 1), 0) },
  };
}
