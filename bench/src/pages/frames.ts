import { at } from '@flowline/events';

/** Event of a Chromium trace, as far as it is read. */
export interface TraceEvent {
  readonly name: string;
  /** Phase: `X` for one with a length, `I` for a moment. */
  readonly ph: string;
  /** Time in µs. */
  readonly ts: number;
  /** Length in µs. */
  readonly dur?: number;
  readonly tid: number;
  readonly pid: number;
}

/** Frames that a browser has shown while something moved. */
export interface Frames {
  readonly frames: number;
  readonly perSecond: number;
  /** Longest time between two frames. */
  readonly longestMs: number;
  /** Longest task of the page's main thread, from the movement to the end of the trace. */
  readonly longestTaskMs: number;
}

/** Categories of a trace from which {@link framesOf} follows. */
export const traceCategories = [
  ...['devtools.timeline', 'disabled-by-default-devtools.timeline', 'disabled-by-default-devtools.timeline.frame'],
  'blink.user_timing',
];

/** Marks by which a page notes, in the trace, where the movement begins and ends. */
export const [BEGIN_MARK, END_MARK] = ['movement begins', 'movement ends'];

/**
 * Counts the frames drawn between the two marks of a trace.
 * @throws Error if the marks or frames are missing.
 */
export function framesOf(events: readonly TraceEvent[]): Frames {
  const [begin, end] = [BEGIN_MARK, END_MARK].map((mark) => events.find(({ name }) => name === mark));
  if (begin === undefined || end === undefined) throw new Error('the trace lacks the marks of the movement');
  const isWithin = ({ ts }: TraceEvent): boolean => ts >= begin.ts && ts <= end.ts;
  const drawn = events.filter((event) => event.name === 'DrawFrame' && isWithin(event)).map(({ ts }) => ts);
  if (drawn.length < 2) throw new Error(`the trace has ${drawn.length} frames`);
  const times = [...drawn].sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, i) => time - at(times, i));
  const isOfPage = ({ name, pid, tid, ts }: TraceEvent): boolean =>
    name === 'RunTask' && pid === begin.pid && tid === begin.tid && ts >= begin.ts;
  const spanUs = at(times, times.length - 1) - at(times, 0);
  return {
    frames: times.length,
    perSecond: ((times.length - 1) * 1e6) / spanUs,
    longestMs: Math.max(...gaps) / 1_000,
    longestTaskMs: Math.max(0, ...events.filter(isOfPage).map(({ dur = 0 }) => dur)) / 1_000,
  };
}
