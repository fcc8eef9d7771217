import type { Logger, Metrics } from '@flowline/telemetry';

const REMEDY =
  'Raise source.deduplicate.maxIds (40 bytes of memory per id), shorten source.deduplicate.window, or give the topic more partitions.';

/**
 * Creates a listener for partitions that forget ids before their window is over. It counts each
 * time, and warns once per partition.
 */
export function warnOfForgottenIds(
  logger: Logger,
  metrics: Metrics,
  detector: string,
): (stream: { readonly topic: string; readonly partition: number }) => void {
  const warned = new Set<string>();
  return ({ topic, partition }) => {
    metrics.eventIdsForgotten.inc({ detector });
    const name = `${topic}/${partition}`;
    if (warned.has(name)) return;
    warned.add(name);
    logger.warn(
      { topic, partition, remedy: REMEDY },
      'a partition has more event ids within source.deduplicate.window than maxIds: the oldest are forgotten, and later repeats of these events are scored',
    );
  };
}
