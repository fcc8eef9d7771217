import { type FamilyChoice, isFitted } from './training/families.ts';

/** Fewest rows that a training takes, and that p-values are fitted to. */
export interface MinimumRows {
  readonly train: number;
  readonly calibration: number;
}

/**
 * Minimum rows of a history, counted as they are used: without rows outside their domain, stray
 * rows and outliers. With fewer training rows there is no usable density. With fewer calibration
 * rows a p-value cannot even resolve one per cent; what a small calibration set can promise, the
 * training report states.
 */
export const minimumRows = { train: 500, calibration: 100 } as const satisfies MinimumRows;

/** Fewest rows that can be trained on at all: for rankings of small sets, not for alarms. */
export const fewestRows = { train: 20, calibration: 5 } as const satisfies MinimumRows;

/**
 * Minimum rows of the families that are fitted without gradient steps: a history of 100 rows has as
 * many. So few calibration rows promise no small alarm rate, and the training report says so.
 */
const fittedMinimumRows = { train: 50, calibration: 20 } as const satisfies MinimumRows;

/**
 * Minimum rows of a history by the family of the model. `auto` takes short ones as well: then only
 * families that are fitted are candidates. Of members of several families, a flow decides.
 */
export const minimumRowsOf = (family: FamilyChoice): MinimumRows =>
  takesFewRows(family) ? fittedMinimumRows : minimumRows;

/** Other way out of a short history, for errors; empty for a family that needs few rows. */
export const orFitted = (family: FamilyChoice): string =>
  takesFewRows(family) ? '' : '; model.family: auto, gaussian or mixture takes histories from 100 rows';

/** True for families that take histories from 100 rows. */
export const takesFewRows = (family: FamilyChoice): boolean =>
  typeof family === 'string' ? family === 'auto' || isFitted(family) : family.every(isFitted);
