import { anomalyReason, surpriseBits } from '@flowline/detector';
import { type Anomaly, at } from '@flowline/events';
import type { Metrics } from '@flowline/telemetry';

import type { CollectedEvents } from '../steps/collect.ts';
import type { CommittedEvents } from '../steps/commit.ts';
import type { Champion } from '../champion/champion.ts';
import type { PartitionWindows } from '../windows/partition-windows.ts';

/** Sampling stride of p-values: enough for a distribution, at negligible cost. */
const P_VALUE_STRIDE = 16;

/** Counts a stored batch. */
export function countScored(metrics: Metrics, detector: string, batch: CommittedEvents): void {
  const { source, report, scores, scored, anomalousRows } = batch;
  metrics.eventsConsumed.inc({ detector }, source.records.length);
  metrics.eventsScored.inc({ detector }, report.stored);
  metrics.eventsAlreadyStored.inc({ detector }, report.alreadyStored);
  if (report.duplicates !== undefined) metrics.eventsDuplicate.inc({ detector }, report.duplicates);
  // A redelivered batch is counted above; its content was observed before.
  if (report.alreadyStored > 0) return;
  for (const { reason } of scored.deadLetters) metrics.eventsDeadLettered.inc({ detector, reason });
  if (report.refused > 0) metrics.eventsDeadLettered.inc({ detector, reason: 'refused' }, report.refused);
  const reasons = anomalousRows.map((row) => anomalyReason(scores, row));
  for (const reason of new Set(reasons)) {
    metrics.anomalies.inc({ detector, reason }, reasons.filter((each) => each === reason).length);
  }
  for (const row of anomalousRows) {
    metrics.surpriseBits.observe({ detector }, surpriseBits(at(scores.pValues, row)));
  }
  if (report.anomalies > (report.waiting ?? 0)) countSuppressed(metrics, detector, scored.anomalies);
  for (let row = 0; row < scores.size; row += P_VALUE_STRIDE) {
    metrics.pValue.observe({ detector }, at(scores.pValues, row));
  }
  const oldest = source.records[0];
  if (oldest !== undefined) {
    metrics.endToEndLatency.observe({ detector }, Math.max(0, Date.now() - oldest.timestampMs) / 1000);
  }
}

/** Counts the anomalies that rules keep from being part of alerts, once they are written out. */
export function countSuppressed(metrics: Metrics, detector: string, anomalies: readonly Anomaly[]): void {
  for (const { verdict } of anomalies) {
    const rule = verdict?.suppressedBy ?? null;
    if (rule !== null) metrics.anomaliesSuppressed.inc({ detector, rule });
  }
}

/** Sets the gauges of a detector's windows. */
export function setWindowGauges(metrics: Metrics, detector: string, windows: PartitionWindows): void {
  const { entities, events, bytes } = windows.size();
  metrics.windowEntities.set({ detector }, entities);
  metrics.windowEvents.set({ detector }, events);
  metrics.windowBytes.set({ detector }, bytes);
}

/** Counts a batch stored without scores. */
export function countCollected(
  metrics: Metrics,
  detector: string,
  { source, report, deadLetters }: CollectedEvents,
): void {
  metrics.eventsConsumed.inc({ detector }, source.records.length);
  metrics.eventsCollected.inc({ detector }, report.stored);
  metrics.eventsAlreadyStored.inc({ detector }, report.alreadyStored);
  if (report.duplicates !== undefined) metrics.eventsDuplicate.inc({ detector }, report.duplicates);
  if (report.alreadyStored > 0) return;
  for (const { reason } of deadLetters) metrics.eventsDeadLettered.inc({ detector, reason });
  if (report.refused > 0) metrics.eventsDeadLettered.inc({ detector, reason: 'refused' }, report.refused);
}

/** Sets the metrics of the model that scores from now on. */
export function setModelGauges(metrics: Metrics, model: Champion, replaced: Champion | undefined): void {
  const labelsOf = ({ name, modelVersion, detector }: Champion) => ({
    detector: name,
    version: String(modelVersion),
    family: detector.bundle.metadata.family,
  });
  const backendOf = ({ name, detector: { compute }, computeDecidedBy }: Champion) => ({
    detector: name,
    backend: compute.backend,
    device: compute.device,
    why: compute.why,
    decided_by: computeDecidedBy,
  });
  if (replaced !== undefined) {
    metrics.modelInfo.remove(labelsOf(replaced));
    metrics.backendInfo.remove(backendOf(replaced));
    metrics.modelSwaps.inc({ detector: model.name, outcome: 'taken' });
  }
  metrics.modelInfo.set(labelsOf(model), 1);
  metrics.modelAge.since(model.name, model.trainedAt);
  metrics.backendInfo.set(backendOf(model), 1);
}
