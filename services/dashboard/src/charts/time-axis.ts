const DAY_SECONDS = 86_400;

const two = (value: number): string => String(value).padStart(2, '0');
const dayOf = (at: Date): string => `${two(at.getMonth() + 1)}-${two(at.getDate())}`;

/**
 * Texts of the ticks of an axis of times, in the zone of the viewer: the finer part above, and the
 * coarser one below it where it begins.
 * @param seconds times of the ticks since 1970.
 * @param step seconds between two ticks.
 */
export function tickTexts(seconds: readonly number[], step: number): readonly string[] {
  const [fine, coarse] =
    step >= DAY_SECONDS
      ? [dayOf, (at: Date) => String(at.getFullYear())]
      : [step < 60 ? secondOf : minuteOf, (at: Date) => `${at.getFullYear()}-${dayOf(at)}`];
  let before: string | null = null;
  return seconds.map((each) => {
    const at = new Date(each * 1_000);
    const part = coarse(at);
    const isNew = part !== before;
    before = part;
    return isNew ? `${fine(at)}\n${part}` : fine(at);
  });
}

const minuteOf = (at: Date): string => `${two(at.getHours())}:${two(at.getMinutes())}`;
const secondOf = (at: Date): string => `${minuteOf(at)}:${two(at.getSeconds())}`;
