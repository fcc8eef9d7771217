import { textSparkline } from '@flowline/charts/text';
import type { MemberReport } from '@flowline/detector';

/** Members whose curves are drawn. */
const MOST_MEMBERS = 4;

/**
 * Validation losses of the flows of a training as lines of text, each with a sparkline. Flows that
 * took no steps have none.
 */
export function trainingLines(members: readonly MemberReport[]): readonly string[] {
  return members
    .map(({ curves, bestStep }) => ({ losses: curves.map(({ validationNll }) => validationNll), bestStep }))
    .filter(({ losses }) => losses.length > 1)
    .slice(0, MOST_MEMBERS)
    .map(({ losses, bestStep }) => {
      const nats = `${(losses.at(0) ?? NaN).toFixed(3)} → ${Math.min(...losses).toFixed(3)} nats at step ${bestStep}`;
      return `validation ${textSparkline(losses)} ${nats}`;
    });
}
