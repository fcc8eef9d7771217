import { DAY_MS } from './duration.ts';

/** A wall-clock time in some zone; months and days count from 1. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timezone: string): Intl.DateTimeFormat {
  let format = formats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timezone, format);
  }
  return format;
}

/** Wall-clock time in a zone at an instant (milliseconds since the epoch). */
export function wallTimeAt(instantMs: number, timezone: string): WallTime {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(timezone).formatToParts(instantMs)) parts[type] = Number(value);
  const { year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN } = parts;
  return { year, month, day, hour, minute, second };
}

/** Wall time interpreted as UTC, in milliseconds, for comparing and subtracting wall times. */
export const wallMs = (wall: WallTime): number =>
  Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);

function offsetAt(instantMs: number, timezone: string): number {
  return wallMs(wallTimeAt(instantMs, timezone)) - Math.floor(instantMs / 1000) * 1000;
}

/**
 * Instants (milliseconds, ascending) at which clocks in a zone show a wall time: two in the hour
 * that repeats in autumn, otherwise one. A time that is skipped in spring maps to the instant
 * equally far after the change (02:30 becomes 03:30), as in java.time.
 */
export function instantsOf(wall: WallTime, timezone: string): readonly number[] {
  const local = wallMs(wall);
  const before = offsetAt(local - DAY_MS, timezone);
  const after = offsetAt(local + DAY_MS, timezone);
  const shown = [...new Set([local - before, local - after])].filter(
    (instant) => wallMs(wallTimeAt(instant, timezone)) === local,
  );
  return shown.length === 0 ? [local - before] : shown.sort((a, b) => a - b);
}
