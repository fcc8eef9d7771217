/** When a new model may replace the champion: by the comparison, never, or by a person's word. */
export const promotionModes = ['auto', 'never', 'always'] as const;
export type PromotionMode = (typeof promotionModes)[number];

/** How the challenger did against the champion on the same held-out rows. */
export interface ChampionComparison {
  readonly champion: number;
  /** false: they score different columns, so that their likelihoods mean different things. */
  readonly comparable: boolean;
  /** Mean of paired differences of log p, challenger − champion, in nats. */
  readonly meanDifferenceNats: number;
  readonly standardError: number;
}

/** How often the challenger would have alarmed on held-out rows. */
export interface HeldOutAlarms {
  readonly rows: number;
  readonly alarms: number;
  readonly alpha: number;
}

/** Whether to promote, and why: stored with the run and logged. */
export interface PromotionDecision {
  readonly promote: boolean;
  readonly reason: string;
}

/** The newest rows drift, so up to so many times the alarms asked for are no reason to doubt a model … */
const MAX_ALARM_RATIO = 5;
/** … and neither are a few alarms where hardly any are expected. */
const ALARM_ALLOWANCE = 10;

/**
 * The rule of promotion: the challenger replaces the champion unless it is worse on held-out rows (by more than one standard error
 * of the paired differences), or alarms out of bounds there, or cannot be compared (then a person decides).
 */
export function decidePromotion(
  mode: PromotionMode,
  comparison: ChampionComparison | null,
  alarms: HeldOutAlarms,
): PromotionDecision {
  if (mode === 'never') return keep('promotion was switched off for this run');
  if (mode === 'always') return promote('promoted by hand');
  const most = MAX_ALARM_RATIO * alarms.alpha * alarms.rows + ALARM_ALLOWANCE;
  if (alarms.alarms > most) {
    const expected = (alarms.alpha * alarms.rows).toPrecision(2);
    return keep(`it alarms ${alarms.alarms} times on ${alarms.rows} held-out rows, where ${expected} are expected`);
  }
  if (comparison === null) return promote('there was no champion');
  const { champion, comparable, meanDifferenceNats, standardError } = comparison;
  if (!comparable) return keep(`it scores other columns than champion ${champion}: promote it by hand`);
  const difference = `${meanDifferenceNats >= 0 ? '+' : ''}${meanDifferenceNats.toFixed(3)} ± ${standardError.toFixed(3)} nats`;
  return meanDifferenceNats >= -standardError
    ? promote(`not worse than champion ${champion} on held-out rows (${difference})`)
    : keep(`worse than champion ${champion} on held-out rows (${difference})`);
}

const promote = (reason: string): PromotionDecision => ({ promote: true, reason });
const keep = (reason: string): PromotionDecision => ({ promote: false, reason });
