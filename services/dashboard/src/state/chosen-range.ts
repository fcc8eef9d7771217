import { call } from '../client/call.ts';
import { usePlace } from './router.ts';

/** Range of event time; without bounds, the default of the API. */
export interface AskedRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Range that the address names: two times, or a length up to the last event. */
export interface ChosenRange {
  /** Text that differs for every choice. */
  readonly key: string;
  /** Length in ms; null for the longest. */
  readonly span: number | null;
  /** True for a range that ends with the last event, whenever that is. */
  readonly isFollowing: boolean;
  /** Bounds at this moment. */
  readonly ask: (signal: AbortSignal) => Promise<AskedRange>;
}

/** Range of event time of a detector's charts, from the address. */
export function useChosenRange(detector: string): ChosenRange {
  const { query } = usePlace();
  const range = { from: query.get('from') ?? undefined, to: query.get('to') ?? undefined };
  const span = Number(query.get('span')) || null;
  const isFollowing = range.from === undefined && range.to === undefined;
  return {
    ...{ key: JSON.stringify([detector, range, span]), span, isFollowing },
    ask: (signal) => (isFollowing ? lastOf(detector, span, signal) : Promise.resolve(range)),
  };
}

/** Range of some length up to the last event; the default of the API without a length. */
async function lastOf(detector: string, span: number | null, signal: AbortSignal): Promise<AskedRange> {
  if (span === null) return {};
  const { stored } = await call('GET /v1/detectors/{detector}/timeline', {
    params: { detector },
    query: { points: 1 },
    signal,
  });
  return stored === null ? {} : { from: new Date(new Date(stored.last).getTime() - span).toISOString() };
}
