import type { DetectorDefinition } from '@flowline/config';
import type { ExcludedEvents, HistorySession, HistorySource } from '@flowline/db';
import type { LookupTable } from '@flowline/events';

import { type HistoryReader, historyReader } from './history-reader.ts';
import { storedReader } from './stored-events.ts';

/** Called with the number of rows read so far, and with the expected number. */
export type ReportRows = (rows: number, expected: number) => void;

/** Parameters of a reading. */
export interface Reading {
  readonly definition: DetectorDefinition;
  readonly lookups: Readonly<Record<string, LookupTable>>;
  readonly source: HistorySource;
  readonly signal: AbortSignal;
  readonly onRows: ReportRows;
  readonly excluded: ExcludedEvents;
}

/** Creates the reader of a history's rows, stored or queried. */
export const readerOf = (
  { definition, lookups, excluded }: Reading,
  session: HistorySession,
  seenFromMs: number | null,
): HistoryReader =>
  definition.history.query === null
    ? storedReader(definition)
    : historyReader(
        definition,
        lookups,
        session.columns.map(({ name }) => name),
        seenFromMs,
        excluded.ids,
      );
