import { readSchedule, type Schedule } from '@flowline/config';
import { DAY_MS, FlowlineError, instantsOf, wallMs, wallTimeAt, type WallTime } from '@flowline/events';

/** A schedule for 29 February may have to wait eight years (1896–1904, 2096–2104). */
const LONGEST_GAP_DAYS = 8 * 366;
const LARGEST_SHIFT_MS = 3 * 3_600_000;

/**
 * Latest scheduled time after `lastRun` and not after `now`, which is the run to make up for; null
 * if there is none. Several missed runs become one. Each scheduled time is one instant, whatever
 * the clocks do: a time that is skipped in spring runs equally long after the change, and a time
 * that is repeated in autumn runs once. An hourly schedule runs every hour that passes.
 * @param schedule a cron expression of five fields (or six, the first being seconds).
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID for an invalid expression.
 */
export function missedRun(schedule: string, timezone: string, lastRun: Date, now: Date): Date | null {
  const { hours, isDay } = scheduleOf(schedule);
  const everyHour = hours.length === 24;
  const today = wallTimeAt(now.getTime(), timezone);
  // No clock change is larger, so times outside this range need no lookup of the zone.
  const latestWall = wallMs(today) + LARGEST_SHIFT_MS;
  const earliestWall = wallMs(wallTimeAt(lastRun.getTime(), timezone)) - LARGEST_SHIFT_MS;
  // One day more than the last run needs: a skipped time may belong to the wall-clock day before
  // its instant.
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
          // In the hour that repeats in autumn, an earlier clock time may still come later.
          stop = Math.max(stop, local - LARGEST_SHIFT_MS);
          latest = instant;
        }
      }
    }
    if (latest !== null) return new Date(latest);
  }
  return null;
}

/** Times of a schedule on a day, latest first. */
function* timesOfDay(schedule: string, day: WallTime): Generator<WallTime> {
  const { seconds, minutes, hours } = scheduleOf(schedule);
  for (const hour of hours.toReversed()) {
    for (const minute of minutes.toReversed()) {
      for (const second of seconds.toReversed()) yield { ...day, hour, minute, second };
    }
  }
}

/**
 * Times that a cron expression stands for.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID for an expression that is invalid or never matches.
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
