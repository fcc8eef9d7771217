import { DURATION_PATTERN, expressionSchema, featureTypes, scoringBackends } from '@flowline/events';
import { z } from 'zod';

import { recordFormats, promotionModes } from './detector-definition.ts';

/**
 * Lower-case letters, digits and hyphens, at most 63: a consumer group's name contains the
 * detector's.
 */
const NAME_PATTERN = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** Topic names that Kafka allows. */
const TOPIC_PATTERN = /^[A-Za-z0-9._-]{1,249}$/;
/** A false-alarm rate, such as `2/day`. */
export const RATE_PATTERN = /^(\d+(?:\.\d+)?)\/(hour|day|week)$/;

/** Maximum threads; a larger number is taken for a typing error. */
export const MOST_THREADS = 256;

const duration = z.string().regex(DURATION_PATTERN, 'expected a duration such as 30d, 12h or 90s');
const topic = z.string().regex(TOPIC_PATTERN, 'expected the name of a Kafka topic (letters, digits, ".", "_", "-")');
const text = z.string().min(1);

const featureDocument = z.strictObject({
  name: text.describe('The name of the feature in scores, alerts and explanations.'),
  type: z.enum(featureTypes).describe('What kind of quantity it is; it decides the density.'),
  from: expressionSchema.optional().describe('A (dotted) column or a derived value; default: the column of that name.'),
  period: z
    .union([duration, z.number().positive()], { error: 'expected a duration such as 1d, or a positive number' })
    .optional()
    .describe('cyclic only: the length of a cycle, as a duration (for times) or in the units of the value.'),
  role: z.enum(['score', 'context']).optional().describe('context: it conditions the density and is not scored.'),
  maxLevels: z.int().min(1).max(1024).optional().describe('categorical only: how many levels are told apart.'),
});

const lookupDocument = z.strictObject({
  query: text.optional().describe('SQL whose rows are the table.'),
  csv: text.optional().describe('A CSV file with a header, relative to this file.'),
  key: text.describe('The column that a lookup compares with.'),
});

/**
 * Schema of a detector file (YAML), before defaults. It accepts only what this version of Flowline
 * supports.
 */
export const detectorDocument = z.strictObject({
  apiVersion: z.literal('flowline/v1'),
  kind: z.literal('Detector'),
  metadata: z.strictObject({
    name: z
      .string()
      .regex(NAME_PATTERN, 'expected lower-case letters, digits and hyphens, at most 63')
      .describe('The name of the detector.'),
    labels: z.record(z.string(), z.string()).optional().describe('Free names and values, for people.'),
  }),
  spec: z.strictObject({
    source: z.strictObject({
      kafka: z
        .strictObject({
          topic,
          format: z.enum(recordFormats).optional().describe('How the values are written; default json.'),
          startFrom: z
            .union([z.enum(['earliest', 'latest']), z.strictObject({ timestamp: z.string() })], {
              error: 'expected earliest, latest, or { timestamp: 2026-01-01T00:00:00Z }',
            })
            .optional()
            .describe('Where a detector begins that has read nothing yet, an end or a time; default earliest.'),
        })
        .optional()
        .describe('The topic of events; absent for a detector that scores files only.'),
      time: z.strictObject({
        field: text.describe('The (dotted) field of the event time.'),
        unit: z.enum(['ms', 's', 'us', 'iso']).describe('Units since the epoch, or ISO 8601 text.'),
      }),
      key: z
        .array(text)
        .min(1)
        .max(8)
        .optional()
        .describe('The (dotted) fields that name an entity, whose events arrive in one partition; windows need it.'),
      eventId: text.optional().describe('The (dotted) field of an id; default: topic, partition and offset.'),
    }),
    history: z.strictObject({
      query: text.optional().describe('SQL whose rows are records like the events.'),
      from: z
        .literal('scored_events')
        .optional()
        .describe('Instead of a query: the events that the scorer stored, also before there is a model.'),
      timeColumn: text.optional().describe('The column of the event time; default: source.time.field.'),
      lookback: duration.optional().describe('How far back from the newest row; default: everything.'),
      maxRows: z.int().min(1000).max(10_000_000).optional().describe('At most so many rows; default 500,000.'),
    }),
    lookups: z.record(z.string().min(1), lookupDocument).optional(),
    features: z.array(featureDocument).min(1).max(256),
    missing: z.strictObject({ nullable: z.array(text) }).optional(),
    model: z
      .strictObject({
        family: z
          .enum(['realNVP', 'auto'])
          .optional()
          .describe('auto: the family that suits tables best; realNVP today.'),
        seed: z.int().min(0).max(0xffffffff).optional(),
        members: z.int().min(1).max(8).optional().describe('Flows in the ensemble; default 1.'),
        budget: z
          .strictObject({
            maxMinutes: z.number().positive().optional(),
            steps: z.int().min(1).max(1_000_000).optional(),
          })
          .optional(),
        calibration: z.strictObject({ fraction: z.number().min(0.02).max(0.5) }).optional(),
      })
      .optional(),
    training: z.strictObject({
      data: z
        .enum(['unlabelled', 'clean'])
        .describe('unlabelled: the history may hold anomalies (robust loss); clean: it holds none.'),
      schedule: z
        .string()
        .optional()
        .describe('A cron expression of five fields, or a macro such as @daily; default: by hand only.'),
      timezone: z.string().optional().describe('The IANA zone of the schedule; default UTC.'),
      firstModelRows: z
        .int()
        .min(1000)
        .max(10_000_000)
        .optional()
        .describe('history.from only: train the first model at so many stored events; default 5,000.'),
      promote: z
        .enum(promotionModes)
        .optional()
        .describe(
          'auto (default): a model takes over that is not worse and whose alarms are as asked for; always; never: by hand.',
        ),
    }),
    decision: z.strictObject({
      test: z.literal('density').optional(),
      control: z
        .strictObject({
          falseAlarms: z.string().regex(RATE_PATTERN, 'expected a rate such as 2/day').optional(),
          alpha: z.number().gt(0).lt(0.5).optional(),
        })
        .describe('Exactly one: false alarms per hour, day or week, or a rate per event.'),
    }),
    alerts: z.strictObject({ topic }).optional(),
    compute: z
      .strictObject({
        backend: z
          .enum(['auto', ...scoringBackends])
          .optional()
          .describe('What scores; auto (the default): the fastest backend that proves exact on the model.'),
        threads: z
          .int()
          .min(1)
          .max(MOST_THREADS)
          .optional()
          .describe('Threads that score; default: what the process may use.'),
      })
      .optional()
      .describe('How events are scored; it changes speed, not scores, and is in force as soon as it is applied.'),
    retention: z
      .strictObject({
        scored: duration.optional().describe('Rows of scored events; default 30d.'),
        anomalies: duration.optional().describe('Anomalies; default 400d.'),
        deadLetters: duration.optional().describe('Dead letters; default 90d.'),
        sample: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .describe('The share of normal events whose rows are kept; anomalies always are. Default 1.'),
      })
      .optional(),
  }),
});

/** A detector file that matches the schema. */
export type DetectorDocument = z.infer<typeof detectorDocument>;

/** JSON Schema (draft 2020-12) of a detector file, generated from the schema that checks it. */
export function detectorJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(detectorDocument, { io: 'input' }), title: 'Flowline detector' };
}
