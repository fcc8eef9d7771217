import { type FeatureSpec, windowExpressions } from '@flowline/events';
import { type FeatureTable, tableColumns } from '@flowline/features';
import type { Logger, Metrics } from '@flowline/telemetry';

/** Consecutive events without a value before a warning. So many are no accident. */
const SILENT_EVENTS = 1_000;
/** Approximate number of recent events that the metric's share covers. */
const REMEMBERED_EVENTS = 1_000;
const FIELD_WHY = 'has its field been renamed?';
const WINDOWS_WHY = 'its window has not been seen whole since it began, or its field has been renamed.';

interface Watched {
  /** Events since the last one with a value. */
  silent: number;
  share: number;
  hasWarned: boolean;
}

/**
 * Watches the nullable features of a stream. An event without them is scored by its other features,
 * so a renamed field would go unnoticed. The share of missing values is a metric. A feature without
 * a value for a thousand events causes one warning, repeated only after it had a value again.
 */
export class MissingFeatures {
  readonly #detector: string;
  readonly #metrics: Metrics;
  readonly #logger: Logger;
  readonly #watched = new Map<string, Watched>();

  constructor(detector: string, metrics: Metrics, logger: Logger) {
    this.#detector = detector;
    this.#metrics = metrics;
    this.#logger = logger;
  }

  /** Checks a stored batch. */
  note(schema: readonly FeatureSpec[], table: FeatureTable): void {
    if (table.size === 0) return;
    const watched = schema.filter(({ nullable }) => nullable);
    if (watched.length === 0) return;
    const { numeric, levels } = tableColumns(schema);
    for (const { name, from } of watched) {
      const [number, level] = [numeric.indexOf(name), levels.indexOf(name)];
      const why = windowExpressions(from).length > 0 ? WINDOWS_WHY : FIELD_WHY;
      this.#update(name, why, table.size, (row) =>
        number >= 0
          ? Number.isNaN(table.numeric[row * table.numericWidth + number])
          : table.levels[row * table.levelWidth + level] === null,
      );
    }
  }

  #update(feature: string, why: string, size: number, isMissing: (row: number) => boolean): void {
    const watched = this.#watched.get(feature) ?? { silent: 0, share: 0, hasWarned: false };
    const isNew = !this.#watched.has(feature);
    this.#watched.set(feature, watched);
    let missing = 0;
    for (let row = 0; row < size; row++) {
      if (isMissing(row)) {
        missing++;
        watched.silent++;
      } else {
        watched.silent = 0;
        watched.hasWarned = false;
      }
    }
    const weight = isNew ? 1 : Math.min(1, size / REMEMBERED_EVENTS);
    watched.share += (missing / size - watched.share) * weight;
    this.#metrics.featureMissing.set({ detector: this.#detector, feature }, watched.share);
    if (watched.silent < SILENT_EVENTS || watched.hasWarned) return;
    watched.hasWarned = true;
    this.#logger.warn(
      { feature, events: watched.silent },
      `a feature has had no value for many events: ${why} They are scored by the other features`,
    );
  }
}
