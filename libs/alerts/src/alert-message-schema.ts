import { anomalyReasons } from '@flowline/events';
import { z } from 'zod';

import type { AbsenceAlertMessage, AnomalyAlertMessage, StormAlertMessage } from './alert-message.ts';
import { severities } from './severity.ts';
import { verdicts } from './verdict.ts';

const id = z.uuid();
const time = z.iso.datetime({ offset: true });
const value = z.union([z.number(), z.string(), z.null()]);
const entity = z.string().nullable();

const links = z.object({
  page: z.url().describe('Address of the alert.'),
  feedback: z
    .record(z.enum(verdicts), z.url())
    .describe('Address by verdict, which asks and then records it; absent without FLOWLINE_LINK_KEY.')
    .exactOptional(),
});

const lifeFields = {
  alertId: id.describe('Id of the alert: of the event that began it.'),
  messageId: id.describe('Id of the message. A repeat carries the same.'),
  sequence: z.int().min(1).describe('Number of the message among those of its alert.'),
  state: z
    .enum(['opened', 'escalated', 'updated', 'resolved', 'reopened'])
    .describe('Transition of the alert that the message tells of.'),
  fingerprint: id.describe('What the anomalies of the alert have in common.'),
  detector: z.string().describe('Name of the detector.'),
  severity: z.enum(severities).describe('Severity of the worst anomaly so far.'),
  count: z.int().min(1).describe('Anomalies of the alert so far; of a storm: openings.'),
  firstSeen: time.describe('Event time of the first anomaly.'),
  lastSeen: time.describe('Event time of the latest anomaly.'),
  resolvedAt: time.nullable().describe('Event time of the resolution; null unless it is resolved.'),
  summary: z.string().describe('One line for people.'),
  links: links.describe('Links for people; absent without FLOWLINE_PUBLIC_URL.').exactOptional(),
};

const score = z.object({
  pValue: z.number().min(0).max(1).describe('Calibrated p-value.'),
  pMethod: z.enum(['empirical', 'tail', 'floor']).describe('Source of the p-value.'),
  alpha: z.number().gt(0).lt(1).describe('Threshold: pValue ≤ alpha.'),
  surpriseBits: z.number().nonnegative().describe('−log2 of the p-value.'),
  logDensityNats: z.number().nullable().describe('Log-density; null where the density is zero.'),
});

const range = z.object({
  ...{ median: z.number(), p05: z.number(), p95: z.number() },
  ranges: z
    .array(z.object({ low: z.number(), high: z.number() }))
    .describe('The ranges that 90 % of the values lie in; absent unless there are several.')
    .exactOptional(),
});

const contribution = z.object({
  feature: z.string(),
  bits: z.number().nonnegative().describe('Surprise of the feature given the others. Not additive.'),
  direction: z.enum(['high', 'low', 'unlikely']),
});

const model = z.object({
  version: z.int().min(1),
  family: z.string(),
  trainedRows: z.int().nonnegative(),
});

const event = z.object({
  topic: z.string().describe('Kafka topic, or the name of a file.'),
  partition: z.int().nonnegative(),
  offset: z.int().nonnegative(),
  id: z.string(),
  time: z.string().describe('Event time, ISO 8601.'),
  entity: entity.describe('Value of `source.key`, a JSON list if it has several fields; null without a key.'),
});

const anomalyMessage = z
  .object({
    ...lifeFields,
    kind: z.enum(['density', 'out_of_domain']).describe('Kind of the anomalies of the alert.'),
    reason: z.enum(anomalyReasons).describe('Reason of the most surprising anomaly.'),
    score: score.describe('Score of the most surprising anomaly.'),
    observed: z.record(z.string(), value).describe('Its values by feature.'),
    expected: z.record(z.string(), range).describe('Conditional ranges by feature; empty if not explained.'),
    contributions: z
      .array(contribution)
      .describe('The feature first without which the event is most normal; empty if not explained.'),
    nearestNormal: z.record(z.string(), value).nullable().describe('The closest typical event, if there is one.'),
    explanation: z
      .enum(['complete', 'unavailable', 'deferred'])
      .describe(
        '`unavailable`: see `explanationError`. `deferred`: only in repeats of an open alert that a sink asks for.',
      ),
    explanationError: z.string().optional().describe('Reason why there is no explanation, if it is unavailable.'),
    model: model.describe('Model that scored it.'),
    event: event.describe('The most surprising event.'),
  })
  .describe(
    'Message about an alert of anomalies, with the most surprising of them.',
  ) satisfies z.ZodType<AnomalyAlertMessage>;

const listedAlert = z.object({ alertId: id, entity, bits: z.number().nonnegative() });

const stormMessage = z
  .object({
    ...lifeFields,
    kind: z.literal('storm').describe('More alerts opened at once than anybody can read.'),
    storm: z.object({
      byFeature: z.record(z.string(), z.int().min(1)).describe('Openings by their most surprising feature.'),
      worst: z.array(listedAlert).max(10).describe('The most surprising alerts, worst first.'),
    }),
  })
  .describe('Message about a storm.') satisfies z.ZodType<StormAlertMessage>;

const absenceMessage = z
  .object({
    ...lifeFields,
    kind: z.literal('absence').describe('Events that were expected have not come. Times are by the clock.'),
    entity: z.string().nullable().describe('The entity that is silent; null for the stream as a whole.'),
    absence: z.object({
      lastEvent: time.describe('Arrival of the last event, to within a quarter of the interval.'),
      expectEveryMs: z.number().positive().describe('Interval at which events are expected, in milliseconds.'),
      alertAfterMs: z.number().positive().describe('Silence after which the alert opens, in milliseconds.'),
    }),
  })
  .describe('Message about a stream, or an entity of it, that has stopped.') satisfies z.ZodType<AbsenceAlertMessage>;

/**
 * Schema of the messages that sinks send. Readers accept fields that it does not name: a later
 * version may add some.
 */
export const alertMessageSchema = z.union([anomalyMessage, stormMessage, absenceMessage]);

/** JSON Schema (draft 2020-12) of a message about an alert. */
export function alertMessageJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(alertMessageSchema, { io: 'input' }), title: 'Flowline alert message, version 1' };
}
