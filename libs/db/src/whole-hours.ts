const HOUR_MS = 3_600_000;

/** Part of a range that consists of whole hours; its end is exclusive. */
export interface WholeHours {
  readonly hoursFrom: Date;
  readonly hoursTo: Date;
}

/** Hours that lie wholly within a range: none, at its end, if it has none. */
export function wholeHours({ from, to }: { readonly from: Date; readonly to: Date }): WholeHours {
  const first = Math.ceil(from.getTime() / HOUR_MS) * HOUR_MS;
  const end = Math.floor(to.getTime() / HOUR_MS) * HOUR_MS;
  return first < end ? { hoursFrom: new Date(first), hoursTo: new Date(end) } : noHours(to);
}

/** No hours: all of a range before its end is read as it is stored. */
export const noHours = (to: Date): WholeHours => ({ hoursFrom: to, hoursTo: to });
