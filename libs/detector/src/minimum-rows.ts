/**
 * Minimum rows of a history, counted as they are used: without rows outside their domain, stray
 * rows and outliers. With fewer training rows there is no usable density. With fewer calibration
 * rows a p-value cannot even resolve one per cent; what a small calibration set can promise, the
 * training report states.
 */
export const minimumRows = { train: 500, calibration: 100 } as const;
