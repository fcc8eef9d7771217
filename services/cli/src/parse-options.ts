import { FlowlineError, parseDurationMs, parseIsoTime } from '@flowline/events';

/**
 * Parses a whole number of at least 1, as far as numbers are exact.
 * @throws FlowlineError FLOWLINE_USAGE.
 */
export function parseCount(option: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw usage(option, text, `a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`);
}

/**
 * Parses a probability above 0 and below 1.
 * @throws FlowlineError FLOWLINE_USAGE.
 */
export function parseProbability(option: string, text: string): number {
  const probability = Number(text);
  if (text.trim() !== '' && probability > 0 && probability < 1) return probability;
  throw usage(option, text, 'a number between 0 and 1, such as 1e-3');
}

/** Earliest moment of an option: the year 100, as in ISO 8601 times. */
const EARLIEST_MS = Date.UTC(100, 0);

/**
 * Parses a moment: a time (ISO 8601), or a duration before now (`1h`), from the year 100 on.
 * @throws FlowlineError FLOWLINE_USAGE.
 */
export function parseMoment(option: string, text: string, now: Date = new Date()): Date {
  const durationMs = parseDurationMs(text);
  const timeMs = durationMs === undefined ? parseIsoTime(text) : now.getTime() - durationMs;
  if (timeMs >= EARLIEST_MS) return new Date(timeMs);
  throw usage(option, text, 'a duration such as 1h or 30d, or a time such as 2026-05-01T12:00:00Z');
}

/** Latest moment of an option: the year 9999. */
const LATEST_MS = Date.UTC(9999, 11, 31);

/**
 * Parses a moment ahead: a time (ISO 8601), or a duration from now (`30d`).
 * @throws FlowlineError FLOWLINE_USAGE.
 */
export function parseFuture(option: string, text: string, now: Date = new Date()): Date {
  const durationMs = parseDurationMs(text);
  const timeMs = durationMs === undefined ? parseIsoTime(text) : now.getTime() + durationMs;
  if (timeMs > now.getTime() && timeMs <= LATEST_MS) return new Date(timeMs);
  throw usage(option, text, 'a duration such as 30d, or a time ahead such as 2031-05-01T12:00:00Z');
}

/**
 * Parses one of the words that an option accepts.
 * @throws FlowlineError FLOWLINE_USAGE.
 */
export function parseChoice<Choice extends string>(option: string, text: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw usage(option, text, choices.join(' or '));
}

function usage(option: string, text: string, expected: string): FlowlineError {
  return new FlowlineError('FLOWLINE_USAGE', `${option} is "${text}"; expected ${expected}.`, {
    where: option,
    remedy: 'See --help for examples.',
  });
}
