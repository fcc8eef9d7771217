import { readSchedule, type Schedule } from '@flowline/config';
import { FlowlineError } from '@flowline/events';

import { instantsOf, wallMs, wallTimeAt, type WallTime } from './local-time.ts';

const DAY_MS = 86_400_000;
/** A schedule of 29 February may wait eight years (1896–1904, 2096–2104). */
const LONGEST_GAP_DAYS = 8 * 366;
const LARGEST_SHIFT_MS = 3 * 3_600_000;

/**
 * The latest time that a schedule named after `lastRun` and not after `now`, or null when there is none: the run to make up
 * for. Several missed runs become one. Each scheduled time is one instant, whatever clocks do: a time that spring skips runs as
 * long after the change, a time that autumn repeats runs once. A schedule of every hour runs every hour that passes.
 * @param schedule a cron expression of five fields (or six, the first being seconds).
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID for an expression that is none.
 */
export function missedRun(schedule: string, timezone: string, lastRun: Date, now: Date): Date | null {
  const { hours, isDay } = scheduleOf(schedule);
  const everyHour = hours.length === 24;
  const today = wallTimeAt(now.getTime(), timezone);
  // No clock change is larger: times outside need no look at the zone.
  const latestWall = wallMs(today) + LARGEST_SHIFT_MS;
  const earliestWall = wallMs(wallTimeAt(lastRun.getTime(), timezone)) - LARGEST_SHIFT_MS;
  // A day beyond the last run's own: a skipped time may belong to the wall-clock day before its instant.
  const days = Math.min(LONGEST_GAP_DAYS, Math.ceil((now.getTime() - lastRun.getTime()) / DAY_MS) + 2);

  for (let back = 0; back <= days; back++) {
    const day = daysBefore(today, back);
    if (!isDay(day)) continue;
    let latest: number | null = null;
    let stop = earliestWall;
    for (const wall of timesOfDay(schedule, day)) {
      const local = wallMs(wall);
      if (local > latestWall) continue;
      if (local < stop) break;
      const instants = instantsOf(wall, timezone);
      for (const instant of everyHour ? instants : instants.slice(0, 1)) {
        if (instant <= now.getTime() && instant > (latest ?? lastRun.getTime())) {
          // In the hour that autumn repeats, an earlier time on the clock may still come later.
          stop = Math.max(stop, local - LARGEST_SHIFT_MS);
          latest = instant;
        }
      }
    }
    if (latest !== null) return new Date(latest);
  }
  return null;
}

/** The times of a schedule on a day, the latest first. */
function* timesOfDay(schedule: string, day: WallTime): Generator<WallTime> {
  const { seconds, minutes, hours } = scheduleOf(schedule);
  for (const hour of hours.toReversed()) {
    for (const minute of minutes.toReversed()) {
      for (const second of seconds.toReversed()) yield { ...day, hour, minute, second };
    }
  }
}

/**
 * The times that a cron expression stands for.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID for an expression that is none, or that never comes.
 */
export function scheduleOf(text: string): Schedule {
  const read = readSchedule(text);
  if (read.schedule !== null) return read.schedule;
  throw new FlowlineError('FLOWLINE_CONFIG_INVALID', `The schedule "${text}" cannot be run: ${read.finding}.`, {
    where: 'spec.training.schedule',
    remedy: `In the detector's file ${read.remedy}; then apply it again.`,
  });
}

function daysBefore(wall: WallTime, days: number): WallTime {
  const date = new Date(Date.UTC(wall.year, wall.month - 1, wall.day - days));
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: 0,
    minute: 0,
    second: 0,
  };
}
