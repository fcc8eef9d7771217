import type { Comparison } from '@flowline/detector';

/** When a new model may replace the champion: by the comparison, never, or by a person's word. */
export const promotionModes = ['auto', 'never', 'always'] as const;
export type PromotionMode = (typeof promotionModes)[number];

/** How the challenger did against a champion on the same held-out rows. */
export type ChampionComparison = Comparison & {
  /** The champion's model version. */
  readonly champion: number;
};

/** Whether to promote, and why: stored with the run and logged. */
export interface PromotionDecision {
  readonly promote: boolean;
  readonly reason: string;
}

/**
 * The rule of promotion: the challenger replaces the champion only where it is not worse on held-out rows and its alarms are in
 * bounds there; what cannot be compared is left to a person. The first model is the champion.
 */
export function decidePromotion(mode: PromotionMode, comparison: ChampionComparison | null): PromotionDecision {
  if (mode === 'never') return { promote: false, reason: 'promotion was switched off for this run' };
  if (mode === 'always') return { promote: true, reason: 'promoted by hand' };
  if (comparison === null) return { promote: true, reason: 'there was no champion' };
  const reason = `against champion ${comparison.champion}: ${comparison.reason}`;
  return { promote: comparison.comparable && comparison.promote, reason };
}
