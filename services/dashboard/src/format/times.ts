const two = (value: number): string => String(value).padStart(2, '0');

/** Formats a time in the zone of the viewer: 2026-05-01 14:03:07. */
export function formatTime(at: Date): string {
  return `${formatDay(at)} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** Formats a day in the zone of the viewer. */
export const formatDay = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;

const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** Formats a length of time with one unit, or two where the first is small: 3 min, 1 h 20 min. */
export function formatDuration(ms: number): string {
  if (!(ms >= 1_000)) return '0 s';
  const index = UNITS.findIndex(([unit]) => ms >= unit);
  const [unit, name] = UNITS.at(index) ?? [1_000, 's'];
  const count = Math.floor(ms / unit);
  const next = UNITS.at(index + 1);
  if (count >= 10 || next === undefined) return `${count} ${name}`;
  const rest = Math.floor((ms - count * unit) / next[0]);
  return rest === 0 ? `${count} ${name}` : `${count} ${name} ${rest} ${next[1]}`;
}
