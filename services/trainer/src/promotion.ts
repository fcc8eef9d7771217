import type { PromotionMode } from '@flowline/config';
import { type AlarmReport, beyondAsked, type Comparison, type MovedFeature, movedWords } from '@flowline/detector';

/** Comparison of a challenger with a champion on the same held-out rows. */
export type ChampionComparison = Comparison & {
  /** Model version of the champion. */
  readonly champion: number;
};

/** Decision whether to promote, with its reason. Stored with the run and logged. */
export interface PromotionDecision {
  readonly promote: boolean;
  readonly reason: string;
}

/** Parts of a training report that concern the model itself. */
export interface OwnReport {
  readonly alarms: AlarmReport;
  readonly moved: readonly MovedFeature[];
}

const FINDINGS = {
  above: 'above the requested rate',
  below: 'below the requested rate',
  unclear: 'not at the requested rate, but in bursts that chance may explain',
} as const;
const FAR_ABOVE = 'far above the requested rate';

/**
 * Factor above the upper end of their interval at which alarms are far above it, beyond what chance
 * explains.
 */
const FAR = 1.5;

/**
 * Decides on promotion. `auto` holds back any model whose alarms on held-out rows are far above
 * their interval, the first model included. A challenger replaces a champion if it is not worse on
 * the same held-out rows. If the two cannot be compared, as after a change of the features, it does
 * so if its own alarms are inside their interval. A model that is held back waits for a person, or
 * for the next model. A challenger that alarms no more than the champion on the same rows is not
 * held back for its alarms: drifting data need the newer model most.
 */
export function decidePromotion(
  mode: PromotionMode,
  comparison: ChampionComparison | null,
  own: OwnReport,
): PromotionDecision {
  if (mode === 'never') return { promote: false, reason: 'promotion is by hand (promote: never)' };
  const { verdict, interval, measuredRate } = own.alarms;
  const isFarAbove = verdict === 'above' && (measuredRate ?? 0) > FAR * (interval?.high ?? 1);
  if (mode === 'always') {
    const despite = isFarAbove ? `, though ${alarmsOf(own, FAR_ABOVE)}` : '';
    return { promote: true, reason: `promoted in any case (promote: always)${despite}` };
  }
  if (isFarAbove && !isStillBetter(comparison)) return { promote: false, reason: alarmsOf(own, FAR_ABOVE) };
  if (comparison === null) {
    const isMore = (verdict === 'above' || verdict === 'unclear') && (measuredRate ?? 0) > (interval?.high ?? 1);
    const caution = isMore ? alarmsOf(own, FINDINGS[verdict]) : beyondAsked(own.alarms);
    return { promote: true, reason: `there was no champion${caution === null ? '' : `, though ${caution}`}` };
  }
  const against = `against champion ${comparison.champion}: ${comparison.reason}`;
  if (comparison.comparable) return { promote: comparison.promote, reason: against };
  if (verdict === 'inside') return { promote: true, reason: `${against}; its own alarm rate is as requested` };
  if (verdict !== 'untested') return { promote: false, reason: `${against}, and ${alarmsOf(own, FINDINGS[verdict])}` };
  return { promote: false, reason: `${against}, and its own alarms could not be tested on held-out rows` };
}

function isStillBetter(comparison: ChampionComparison | null): boolean {
  if (comparison?.comparable !== true || !comparison.promote || comparison.alarms === null) return false;
  return comparison.alarms.challengerRate <= comparison.alarms.championRate;
}

function alarmsOf({ alarms: { alarms, testRows, expectedRate }, moved }: OwnReport, finding: string): string {
  const expected = Number((expectedRate * testRows).toPrecision(2));
  const found = `its alarms are ${finding}: ${alarms} of ${testRows} held-out rows, ${expected} expected`;
  return moved.length === 0 ? found : `${found} (moved since training: ${movedWords(moved)})`;
}
