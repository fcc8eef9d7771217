import type { DetectorDefinition } from '@flowline/config';
import type { Alert } from '@flowline/events';

type Bounds = Pick<DetectorDefinition['alerts'], 'direction' | 'minEffect'>;

/**
 * Bound of a detector that keeps an anomaly from being part of an alert: its most surprising
 * feature went the other way, or not far enough. Null if there is none, or the anomaly is not
 * explained yet.
 */
export function unmetBound(
  { contributions, expected, observed }: Pick<Alert, 'contributions' | 'expected' | 'observed'>,
  { direction, minEffect }: Bounds,
): 'direction' | 'minEffect' | null {
  const [first] = contributions;
  if (first === undefined) return null;
  const wanted = direction[first.feature];
  if ((wanted === 'up' && first.direction === 'low') || (wanted === 'down' && first.direction === 'high')) {
    return 'direction';
  }
  const least = minEffect[first.feature];
  const value = observed[first.feature];
  const range = expected[first.feature];
  if (least === undefined || range === undefined || typeof value !== 'number') return null;
  const effect = Math.abs(value - range.median);
  const enough = 'units' in least ? least.units : least.ofRange * (range.p95 - range.p05);
  return effect < enough ? 'minEffect' : null;
}
