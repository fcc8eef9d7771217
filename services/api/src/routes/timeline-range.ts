import { type Database, getDetector, summaryRange, type TimeRange } from '@flowline/db';
import { DAY_MS } from '@flowline/events';

import { badRequest } from '../invalid-request.ts';
import { moment } from '../schemas.ts';

/** Days of a range unless others are asked for. */
const DEFAULT_DAYS = 31;
const MINUTE_MS = 60_000;

/** Part of a query that names a range of event time. */
export const rangeQuery = {
  from: moment('Earliest event time, inclusive (default: 31 days before `to`).').optional(),
  to: moment('Latest event time, exclusive (default: the end of the last interval).').optional(),
};

interface AskedRange {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/**
 * Range that is asked for, or the last days that are stored.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING; FLOWLINE_REQUEST_INVALID for an empty range.
 */
export async function rangeOf(
  db: Database,
  detector: string,
  { from, to }: AskedRange,
): Promise<TimeRange & { readonly known: { first: Date; last: Date } | null }> {
  await getDetector(db, detector);
  const known = await summaryRange(db, detector);
  const end = to ?? new Date((known?.last.getTime() ?? Date.now()) + MINUTE_MS);
  const earliest = end.getTime() - DEFAULT_DAYS * DAY_MS;
  const start = from ?? new Date(Math.max(earliest, known?.first.getTime() ?? earliest));
  if (start < end) return { from: start, to: end, known };
  throw badRequest('to', 'to is not after from.', 'Ask for a range whose end is after its start.');
}
