import type { DetectorDefinition } from '@flowline/config';
import type { ExcludedEvents, HistorySession, HistorySource } from '@flowline/db';
import type { LookupTable } from '@flowline/events';

import { type HistoryReader, historyReader } from './history-reader.ts';
import { storedReader } from './stored-events.ts';
import type { UntrainedTimes } from './untrained-times.ts';

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
  /** Times whose events only serve as past; null for none. */
  readonly untrained: UntrainedTimes['has'];
}

/** Creates the reader of a history's rows, stored or queried. */
export const readerOf = (
  { definition, lookups, excluded, untrained }: Reading,
  session: HistorySession,
  seenFromMs: number | null,
): HistoryReader =>
  definition.history.query === null
    ? storedReader(definition, untrained)
    : historyReader(
        definition,
        lookups,
        session.columns.map(({ name }) => name),
        seenFromMs,
        { ids: excluded.ids, times: untrained },
      );
