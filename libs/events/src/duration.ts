/**
 * Milliseconds per unit. A day is always 24 hours and a week 7 days, whatever the calendar does.
 */
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** One day in milliseconds. */
export const DAY_MS = UNIT_MS.d;

/**
 * Text form of a duration: a positive decimal number and a unit, such as `30d`, `1.5h` or `250ms`.
 */
export const DURATION_PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/;

function isUnit(text: string | undefined): text is keyof typeof UNIT_MS {
  return text !== undefined && text in UNIT_MS;
}

/**
 * Parses a duration such as `30d` to milliseconds. Undefined if the text is not a duration, or is
 * zero.
 */
export function parseDurationMs(text: string): number | undefined {
  const [, amount, unit] = DURATION_PATTERN.exec(text) ?? [];
  if (amount === undefined || !isUnit(unit)) return undefined;
  const ms = Number(amount) * UNIT_MS[unit];
  return ms > 0 && Number.isFinite(ms) ? ms : undefined;
}

/**
 * Formats milliseconds as the shortest duration from which {@link parseDurationMs} reads the same
 * number.
 */
export function formatDurationMs(ms: number): string {
  const largestFirst = ['w', 'd', 'h', 'm', 's'] as const;
  const unit = largestFirst.find((candidate) => ms % UNIT_MS[candidate] === 0) ?? 'ms';
  return `${ms / UNIT_MS[unit]}${unit}`;
}
