import { type DetectorDefinition, learnsIntervals } from '@flowline/config';
import {
  arrivalHistory,
  type Database,
  type GapRequest,
  type HistorySource,
  HistorySession,
  type LearnedIntervals,
  type UnlearnedIntervals,
} from '@flowline/db';
import { at, DAY_MS } from '@flowline/events';

import { ENOUGH_GAPS, weekOfGaps } from './week-of-gaps.ts';

/** Shortest and longest interval that is learned, as those that people may write. */
const LEAST_MS = 2_000;
const MOST_MS = 7 * DAY_MS;
/** Span of a history that has seen every hour of the week. */
const WEEK_MS = 7 * DAY_MS;

/**
 * Learns how often events of a detector are expected, by hour of the week, from the gaps between
 * all events of the times that it was trained on, before the history was thinned. Null if its
 * definition wants none.
 * @param timesMs times of the rows that it was trained on, ascending.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID; the signal's reason.
 */
export async function learnIntervals(
  db: Database,
  definition: DetectorDefinition,
  timesMs: Float64Array,
  signal: AbortSignal,
): Promise<LearnedIntervals | UnlearnedIntervals | null> {
  const { absence } = definition.alerts;
  if (absence === null || !learnsIntervals(definition)) return null;
  const { per } = absence;
  const [fromMs, toMs] = [at(timesMs, 0), at(timesMs, timesMs.length - 1)];
  if (toMs - fromMs < WEEK_MS) {
    const reason = `the history covers ${String(Number(((toMs - fromMs) / DAY_MS).toPrecision(3)))} d, and a week has to be seen`;
    return { per, reason };
  }
  const { source, key } = arrivalsOf(definition);
  const session = await HistorySession.open(db, source, signal);
  try {
    const { timezone } = definition.training;
    if (!(await session.knowsTimezone(timezone))) {
      return { per, reason: `Postgres knows no time zone ${timezone} (training.timezone)` };
    }
    const range: GapRequest = {
      ...{ key: per === 'entity' ? key : [], timezone, leastMs: LEAST_MS, mostMs: MOST_MS },
      // The end includes the microseconds of the last row.
      ...{ from: new Date(fromMs), to: new Date(toMs + 1) },
    };
    const counts = await session.gaps(range);
    const gaps = counts.reduce((sum, count) => sum + count.gaps, 0);
    if (gaps < ENOUGH_GAPS) {
      const unit = per === 'entity' ? 'between events of the same entity' : 'between events';
      const reason = `the history has ${gaps.toLocaleString('en')} gaps ${unit}, and ${ENOUGH_GAPS.toLocaleString('en')} are needed`;
      return { per, reason };
    }
    return { per, timezone, hoursMs: weekOfGaps(counts).map(Math.ceil) };
  } finally {
    await session.close();
  }
}

/** Source of the times of all events, and the fields that name their entities. */
function arrivalsOf({ name, history, source }: DetectorDefinition): { source: HistorySource; key: readonly string[] } {
  if (history.query === null) return { source: arrivalHistory(name, source.kafka?.topic ?? ''), key: ['entity'] };
  const { query } = history;
  return { source: { query, timeColumn: history.timeColumn, timeUnit: source.time.unit }, key: source.key ?? [] };
}
