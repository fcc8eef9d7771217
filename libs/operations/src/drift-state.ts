import { type CheckedDay, type Database, listDriftDays } from '@flowline/db';

/** Days that are looked back for the beginning of a drift. */
const LOOKBACK_DAYS = 31;

/** Feature that has moved on a day, by itself or given the others. */
export interface Moved {
  readonly feature: string;
  readonly change: string;
}

/** Drift of the data since the champion was trained. */
export interface DriftState {
  /** `unchecked`: no day of the champion is over and compared with an earlier one yet. */
  readonly state: 'unchecked' | 'steady' | 'drifted';
  /** Last UTC day that was checked; null for none. */
  readonly day: string | null;
  /** First of the days in a row, up to the last one, that have drifted; null unless it has. */
  readonly since: string | null;
  /** Features that have moved on the last day, the farthest first. */
  readonly moved: readonly Moved[];
  /** Null unless the data have drifted. */
  readonly remedy: string | null;
}

/** Looks up whether the data of a detector have drifted since its champion began to score. */
export async function driftState(db: Database, detector: string, champion: number | null): Promise<DriftState> {
  const days =
    champion === null ? [] : await listDriftDays(db, { detector, modelVersion: champion, limit: LOOKBACK_DAYS });
  const [last] = days.filter(({ compared }) => compared > 0);
  if (last === undefined || last.referenceDays === 0) {
    return { state: 'unchecked', day: last?.day ?? null, since: null, moved: [], remedy: null };
  }
  if (!hasDrifted(last)) return { state: 'steady', day: last.day, since: null, moved: [], remedy: null };
  const steady = days.findIndex((day) => day.compared > 0 && !hasDrifted(day));
  const since = (steady < 0 ? days : days.slice(0, steady)).findLast(hasDrifted)?.day ?? last.day;
  const remedy = `Train it on newer rows: \`flowline train ${detector}\`. \`flowline drift ${detector}\` shows the days.`;
  return { state: 'drifted', day: last.day, since, moved: movedOf(last), remedy };
}

/** True if the p-values or a feature of a day have drifted. */
export const hasDrifted = ({ drifted, features }: CheckedDay): boolean =>
  drifted || features.some((feature) => feature.drifted);

/**
 * Features of a day that have moved, the farthest first. One that has moved by itself and given the
 * others has the change of the larger distance.
 */
export function movedOf({ features }: CheckedDay): Moved[] {
  const moved = features.flatMap(({ feature, drifted, change }) =>
    drifted && change !== null ? [{ feature, change }] : [],
  );
  return moved.filter(({ feature }, i) => moved.findIndex((other) => other.feature === feature) === i);
}
