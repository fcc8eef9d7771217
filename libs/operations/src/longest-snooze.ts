import { DAY_MS } from '@flowline/events';

/** Longest time for which the messages about an alert are held back: a year. */
export const LONGEST_SNOOZE_MS = 366 * DAY_MS;
