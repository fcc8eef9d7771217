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
