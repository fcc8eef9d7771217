import type { WindowLimit } from '@flowline/events';
import type { Logger, Metrics } from '@flowline/telemetry';

const WARN_EVERY_MS = 60_000;

const FORGOTTEN =
  'entities that have been silent longest are forgotten, and what their windows would need of that past is missing';

/** Sentence per limit of the windows of one partition. */
const SENTENCES: Readonly<Record<Exclude<WindowLimit, 'memory'>, string>> = {
  events_of_entity: 'a window over a duration has more than 1,000 events of an entity: it holds the last 1,000',
  events: `windows of a partition hold 1,000,000 past values: ${FORGOTTEN}`,
  entities: `windows of a partition remember 100,000 entities: ${FORGOTTEN}`,
  names: `windows of a partition remember 16,000,000 characters of names: ${FORGOTTEN}`,
};

const REMEDIES: Readonly<Record<Exclude<WindowLimit, 'memory'>, string>> = {
  events_of_entity: 'Shorten the window, or let a window over a number of events (over: 1000) say what it is.',
  events: 'Shorten the windows, or give the topic more partitions.',
  entities: 'Give the topic more partitions, so that each has fewer entities.',
  names: 'Give the topic more partitions, or the entities shorter names.',
};

/**
 * Creates a listener for limits that a detector's windows reach. It counts each time, and warns at
 * most once a minute per limit.
 */
export function warnOfLimits(logger: Logger, metrics: Metrics, detector: string): (limit: WindowLimit) => void {
  const mayWarn = onceAMinute();
  return (limit) => {
    metrics.windowsLimited.inc({ detector, limit });
    if (limit === 'memory' || !mayWarn(limit)) return;
    logger.warn({ limit, remedy: REMEDIES[limit] }, SENTENCES[limit]);
  };
}

/** Creates a listener for the memory limit of a process, with the same manners. */
export function warnOfMemory(logger: Logger, metrics: Metrics, windowsMaxBytes: number): () => void {
  const mayWarn = onceAMinute();
  const remedy =
    'Give the process more memory and raise FLOWLINE_WINDOWS_MAX_BYTES, or share the partitions among more scorers. ' +
    'flowline_window_entities_forgotten_total counts on.';
  return () => {
    metrics.windowsForgotten.inc();
    if (!mayWarn('memory')) return;
    logger.warn(
      { limit: 'memory', windowsMaxBytes, remedy },
      `windows have reached FLOWLINE_WINDOWS_MAX_BYTES: ${FORGOTTEN}`,
    );
  };
}

/** True at the first call per limit, and at the first one a minute after that. */
function onceAMinute(): (limit: WindowLimit) => boolean {
  const warnedMs = new Map<WindowLimit, number>();
  return (limit) => {
    const now = performance.now();
    if (now - (warnedMs.get(limit) ?? -Infinity) < WARN_EVERY_MS) return false;
    warnedMs.set(limit, now);
    return true;
  };
}
