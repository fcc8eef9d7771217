import { DAY_MS } from '@flowline/events';

import type { Database } from './database.ts';
import {
  type AlarmDayRow,
  selectAlarmDays,
  selectLastHour,
  selectLoad,
  selectPartitionCount,
  selectScoreCounts,
  selectSummaryRange,
  selectTimeline,
  selectTimelineMarks,
  type TimelineMark,
  type TimelineRow,
} from './sql/score-summaries.ts';
import { withTransaction } from './transaction.ts';
import { noHours, wholeHours } from './whole-hours.ts';

/** Range of event time; its end is exclusive. */
export interface TimeRange {
  readonly from: Date;
  readonly to: Date;
}

/** Scores of a range, as a chart draws them. */
export interface Timeline {
  readonly buckets: readonly TimelineRow[];
  readonly marks: readonly TimelineMark[];
}

/** Counts of events by their p-values. */
export interface ScoreCounts {
  /** In 20 equal cells of [0, 1]. */
  readonly cells: readonly number[];
  /** By whole bits of surprise, from 0 on. */
  readonly bits: readonly number[];
}

/** Load of a detector. */
export interface DetectorLoad {
  /** Events that models have scored in all. */
  readonly scored: number;
  /** Open alerts by severity. */
  readonly alerts: Readonly<Record<string, number>>;
  /** Creation of the champion; null without one. */
  readonly modelTrainedAt: Date | null;
}

const P_CELLS = 20;
const HOUR_S = 3_600;

/** Event times of the first and the last stored interval of a detector; null if it has none. */
export function summaryRange(db: Database, detector: string): Promise<{ first: Date; last: Date } | null> {
  return withTransaction(db, (client) => selectSummaryRange(client, { detector }), { readOnly: true });
}

/** Counts the partitions from which events of a detector came. */
export async function countPartitions(db: Database, detector: string): Promise<number> {
  const counted = await withTransaction(db, (client) => selectPartitionCount(client, { detector }), { readOnly: true });
  return counted.partitions;
}

/**
 * Reads the scores of a range in intervals of some seconds, with the models that gave them.
 * Intervals of whole hours are summed from stored hours.
 */
export function readTimeline(
  db: Database,
  range: TimeRange & { readonly detector: string; readonly seconds: number },
): Promise<Timeline> {
  const hours = range.seconds % HOUR_S === 0 ? wholeHours(range) : noHours(range.to);
  return withTransaction(
    db,
    async (client) => ({
      buckets: await selectTimeline(client, { ...range, ...hours }),
      marks: await selectTimelineMarks(client, range),
    }),
    { readOnly: true },
  );
}

/** Counts the events of a range by their p-values. */
export async function readScoreCounts(
  db: Database,
  range: TimeRange & { readonly detector: string },
): Promise<ScoreCounts> {
  const parts = { ...range, ...wholeHours(range) };
  const rows = await withTransaction(db, (client) => selectScoreCounts(client, parts), { readOnly: true });
  const ofKind = (kind: 'p' | 'bits') => rows.filter((row) => row.kind === kind).map(({ events }) => events);
  const cells = ofKind('p');
  return { cells: cells.length === 0 ? Array<number>(P_CELLS).fill(0) : cells, bits: ofKind('bits') };
}

/** Reads alarms by UTC day of event time: the last `days` up to the last event. */
export async function readAlarmDays(db: Database, detector: string, days: number): Promise<AlarmDayRow[]> {
  return withTransaction(
    db,
    async (client) => {
      const { last } = await selectLastHour(client, { detector });
      if (last === null) return [];
      const lastDay = Math.floor(last.getTime() / DAY_MS);
      return selectAlarmDays(client, { detector, from: new Date((lastDay - days + 1) * DAY_MS) });
    },
    { readOnly: true },
  );
}

/** Reads the load of a detector. */
export function readLoad(db: Database, detector: string): Promise<DetectorLoad> {
  return withTransaction(db, (client) => selectLoad(client, { detector }), { readOnly: true });
}
