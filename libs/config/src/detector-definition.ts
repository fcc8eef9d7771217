import {
  computeSchema,
  DAY_MS,
  decisionTests,
  type EntitySpec,
  eventTimeSchema,
  featureSchema,
  type Immutable,
  lookupTableSchema,
  orNull,
} from '@flowline/events';
import { z } from 'zod';

/**
 * Lower-case letters, digits and hyphens, at most 63: a consumer group's name contains the
 * detector's.
 */
const NAME_PATTERN = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** Topic names that Kafka allows. */
const TOPIC_PATTERN = /^[A-Za-z0-9._-]{1,249}$/;

const MINUTE_MS = 60_000;

const text = z.string().min(1);
/** Name of a Kafka topic. */
export const topicSchema = z
  .string()
  .regex(TOPIC_PATTERN, 'expected the name of a Kafka topic (letters, digits, ".", "_", "-")');

/** Name of a detector, or of another document. */
export const nameSchema = z.string().regex(NAME_PATTERN, 'expected lower-case letters, digits and hyphens, at most 63');

/** Formats of record values. The scorer has one decoder per format. */
const recordFormats = ['json'] as const;
export type RecordFormat = (typeof recordFormats)[number];

/**
 * Rules for promoting a new model: if it is not worse and its alarm rate is as configured (`auto`),
 * always, or only by hand (`never`).
 */
export const promotionModes = ['auto', 'always', 'never'] as const;
export type PromotionMode = (typeof promotionModes)[number];

const kafkaSchema = z.strictObject({
  topic: topicSchema.describe('Topic of the events.'),
  format: z.enum(recordFormats).describe('Format of the record values.').default('json'),
  startFrom: z
    .union([z.enum(['earliest', 'latest']), z.strictObject({ timestampMs: z.number().nonnegative() })])
    .describe(
      'Start position in a topic that the detector has not read yet: one of its ends, or the first record at or after a time.',
    )
    .default('earliest'),
});

/** Longest window within which event ids are remembered. */
export const MAX_DEDUPLICATE_MS = 30 * DAY_MS;

const deduplicateSchema = z.strictObject({
  enabled: z
    .boolean()
    .describe('False: an event that repeats an id is scored like any other. Without `eventId` it has no effect.')
    .default(true),
  windowMs: z
    .number()
    .positive()
    .max(MAX_DEDUPLICATE_MS)
    .describe(
      'Time within which a record of a partition that has the id of an earlier event is a duplicate of it, by the times of the records; at most `30d`.',
    )
    .default(DAY_MS),
  maxIds: z
    .int()
    .min(10_000)
    .max(10_000_000)
    .describe('Maximum number of ids that a partition remembers, 40 bytes each; the oldest are forgotten first.')
    .default(1_000_000),
});

const sourceSchema = z.strictObject({
  kafka: orNull(kafkaSchema.describe('Kafka topic of the events; absent for a detector that scores files only.')),
  time: eventTimeSchema,
  key: orNull(
    z
      .array(text)
      .min(1)
      .max(8)
      .describe('The (dotted) fields that name an entity, whose events share a partition. Windows need them.'),
  ),
  eventId: orNull(
    text.describe(
      'The (dotted) field of an id that no two events share; by default topic, partition and offset are the id.',
    ),
  ),
  deduplicate: deduplicateSchema.prefault({}),
});

const historySchema = z.strictObject({
  query: orNull(text.describe('SQL whose rows are records like the events.')),
  timeColumn: text.describe('Column of the event time.'),
  lookbackMs: orNull(z.number().positive().describe('Length of history before its newest row; by default all of it.')),
  maxRows: z
    .int()
    .min(1000)
    .max(10_000_000)
    .describe('Maximum rows. Of a longer history, one row in each of as many equal stretches is read, at random.')
    .default(500_000),
});

const lookupSchema = z.union([
  z.strictObject({ table: lookupTableSchema }),
  z.strictObject({ query: z.string(), key: z.string() }),
]);

/**
 * A lookup table: its rows (from a CSV file), or the query that returns them when a model is
 * trained.
 */
export type LookupSource = Immutable<z.output<typeof lookupSchema>>;

/** Families that are fitted without gradient steps. */
export const fittedFamilies = ['gaussian', 'mixture'] as const;

/** Families of densities that a member of an ensemble can have. */
const memberFamilies = [
  'realNVP',
  'glow',
  'maf',
  'neuralSpline',
  'naf',
  'planar',
  'radial',
  ...fittedFamilies,
] as const;

/** Families of densities that a detector can have. */
export const modelFamilies = ['auto', ...memberFamilies] as const;

/** Maximum number of members of an ensemble. */
const MOST_MEMBERS = 8;

const membersSchema = z
  .union([z.int().min(1).max(MOST_MEMBERS), z.array(z.enum(memberFamilies)).min(1).max(MOST_MEMBERS)], {
    error: `expected a whole number from 1 to ${MOST_MEMBERS}, or a list of up to ${MOST_MEMBERS} of ${memberFamilies.join(', ')}`,
  })
  .describe(
    'Members of the ensemble, whose densities are averaged: their number, or the family of each, such as `[realNVP, maf]`, in place of `family`.',
  );

/** Base distributions that a flow can be trained over. */
const modelBases = ['normal', 'mixture', 'studentT'] as const;

const baseSchema = z
  .union(
    [
      z.enum(modelBases),
      z.strictObject({ mixture: z.int().min(1).max(32) }),
      z.strictObject({ studentT: z.number().min(1).max(100) }),
    ],
    {
      error:
        'expected normal, mixture, studentT, { mixture: 1 to 32 components } or { studentT: 1 to 100 degrees of freedom }',
    },
  )
  .describe(
    'Distribution of the latents of a flow. `normal`: the standard normal. `mixture`: a trained mixture of normals, for data in clusters; `{ mixture: 8 }` has 8 components, by default the validation rows choose up to 16. `studentT`: Student t distributions with trained locations and scales, for heavy tails; `{ studentT: 3 }` has 3 degrees of freedom, by default 5.',
  );

const modelSchema = z.strictObject({
  family: z
    .enum(modelFamilies)
    .describe(
      'Family of the density. `auto` trains candidates (partitions and depths of `realNVP`, one with a mixture base, `gaussian`, `mixture`) and chooses by held-out likelihood; short histories, from 100 rows, get one that is fitted. `gaussian` and `mixture` are fitted without gradient steps; the others are flows.',
    )
    .default('realNVP'),
  seed: z.int().min(0).max(0xffffffff).describe('Seed of training and calibration.').default(1),
  members: membersSchema.default(1),
  base: baseSchema.default('normal'),
  budget: z
    .strictObject({
      maxMinutes: z.number().positive().describe('Time limit of training, in minutes.').default(10),
      steps: orNull(
        z.int().min(1).max(1_000_000).describe('Maximum training steps; by default those of the training recipe.'),
      ),
    })
    .prefault({}),
  calibration: z
    .strictObject({
      fraction: z
        .number()
        .min(0.02)
        .max(0.5)
        .describe('Share of the history that calibrates the p-values.')
        .default(0.2),
    })
    .prefault({}),
});

const trainingSchema = z.strictObject({
  data: z
    .enum(['unlabelled', 'clean'])
    .describe('`unlabelled`: the history may hold anomalies (robust loss). `clean`: it holds none.'),
  schedule: orNull(
    z
      .string()
      .describe('Cron expression of five fields, or a macro such as `@daily`; by default trained by hand only.'),
  ),
  timezone: z.string().describe('IANA time zone of the schedule.').default('UTC'),
  jitterMs: orNull(
    z
      .number()
      .positive()
      .max(DAY_MS)
      .describe(
        'Time within which the runs of a schedule begin, at most `1d`; each detector has its own delay. By default they begin at the time of the schedule.',
      ),
  ),
  triggers: z
    .strictObject({
      drift: z
        .boolean()
        .describe(
          'Whether a training is requested when the p-values of a day have drifted from those of the first days of the champion.',
        )
        .default(false),
      newRows: orNull(
        z
          .int()
          .min(1000)
          .describe(
            'Number of events scored since the last training began at which another is requested; by default none.',
          ),
      ),
    })
    .describe('What requests trainings besides the schedule and people.')
    .prefault({}),
  recalibrateMs: orNull(
    z
      .number()
      .min(DAY_MS / 24)
      .describe(
        'Time after which the p-values of the champion are calibrated again on newer events, without training, at least `1h`; by default never.',
      ),
  ),
  firstModelRows: z
    .int()
    .min(1000)
    .max(10_000_000)
    .describe('`history.from` only: number of stored events at which the first model is trained.')
    .default(5_000),
  promote: z
    .enum(promotionModes)
    .describe(
      '`auto`: a model that is not worse and whose alarm rate is as configured becomes the champion. `never`: only by hand.',
    )
    .default('auto'),
  warmStart: z
    .boolean()
    .describe(
      'Whether each member is trained twice, from new weights and from those of the champion, and the better on validation rows is kept.',
    )
    .default(false),
});

/**
 * Precision of stored rows: as they were scored (`exact`), or in seven significant digits where
 * that is without effect on a score worth mentioning (`compact`).
 */
const rowPrecisions = ['compact', 'exact'] as const;

/** p-value at or below which an event is an anomaly. */
export const alphaSchema = z.number().gt(0).lt(0.5).describe('False alarms per event: the p-value of an anomaly.');

/** Bound on the share of false alarms among all. */
export const fdrSchema = z
  .number()
  .min(0.001)
  .max(0.5)
  .describe(
    'False discovery rate: share of false alarms among all alarms, in expectation. The p-value of an anomaly follows the anomalies found so far.',
  );

const controlSchema = z.union([
  z.strictObject({ alpha: alphaSchema }),
  z.strictObject({ falseAlarmsPerDay: z.number().positive() }),
  z.strictObject({ fdr: fdrSchema }),
]);

/**
 * Bound on false alarms: a rate per event, a number per day from which the trainer derives that
 * rate, or their share among all alarms.
 */
export type FalseAlarmControl = Immutable<z.output<typeof controlSchema>>;

const decisionSchema = z.strictObject({
  test: z
    .enum(decisionTests)
    .describe(
      'Statistic that decides. `density`: low density. `outlying`: that joined with the distance to the nearest row of the history if it is `clean`, and with an isolation forest if it is `unlabelled`. `combined`: low density joined with high density, the largest latent coordinate, the largest deviation of a value from its linear expectation given all others and, for `clean` data, the distance to the nearest training row.',
    )
    .default('density'),
  control: controlSchema.describe('Bound on false alarms; exactly one of the three.'),
});

const retentionSchema = z.strictObject({
  scoredMs: z
    .number()
    .positive()
    .describe('Age at which rows of scored events are dropped.')
    .default(30 * DAY_MS),
  anomaliesMs: z
    .number()
    .positive()
    .describe('Age at which anomalies are deleted.')
    .default(400 * DAY_MS),
  deadLettersMs: z
    .number()
    .positive()
    .describe('Age at which dead letters are deleted.')
    .default(90 * DAY_MS),
  sample: z
    .number()
    .min(0)
    .max(1)
    .describe('Share of normal events whose rows are kept. Anomalies are always kept.')
    .default(1),
  precision: z
    .enum(rowPrecisions)
    .describe(
      'Digits of scored events: `compact` keeps seven, in half the bytes; `exact` keeps all, and scores can be reproduced to the last bit. Anomalies are always exact.',
    )
    .default('compact'),
});

/** Properties of an anomaly by which its alert is told from others of the same entity and kind. */
const alertGroups = ['feature', 'event'] as const;

const positiveMs = z.number().positive();
const bits = z.number().nonnegative();

const severitySchema = z
  .strictObject({
    warning: bits.describe('Bits from which an alert is a warning; below, it is for information.').default(13.3),
    major: bits.describe('Bits from which it is major.').default(16.6),
    critical: bits.describe('Bits from which it is critical.').default(19.9),
  })
  .refine(({ warning, major, critical }) => warning <= major && major <= critical, {
    error: 'expected warning ≤ major ≤ critical',
  });

/** Name of the sink that is a detector's own topic, `alerts.topic`. */
export const TOPIC_SINK = 'kafka';

/** Directions of a feature that alerts are wanted for. */
const directions = ['up', 'down', 'both'] as const;

const minEffectSchema = z.union([
  z.strictObject({ units: z.number().positive().describe('Least distance from the expected median, in its units.') }),
  z.strictObject({
    ofRange: z.number().positive().describe('Least distance, in widths of the expected range from p05 to p95.'),
  }),
]);

/** Units of which a silence is an alert: the stream as a whole, or each entity of it. */
const absenceUnits = ['detector', 'entity'] as const;
const severities = ['info', 'warning', 'major', 'critical'] as const;

/** Interval that trainings learn from the gaps of the history. */
export const LEARNED = 'auto';

/** Default silence after which an entity is forgotten. */
export const FORGET_AFTER_MS = 7 * DAY_MS;

const absenceSchema = z.strictObject({
  expectEveryMs: z
    .union([positiveMs, z.literal(LEARNED)])
    .describe(
      'An event is expected at least so often, by the clock: 2 s to 7 d. `auto`: as the history has it, by hour of the week.',
    ),
  alertAfterMs: orNull(
    positiveMs.describe(
      'Silence after which an alert opens, at most 30 d; by default one and a half times `expectEvery`. With `auto` the least silence, if one and a half times the interval are shorter.',
    ),
  ),
  per: z
    .enum(absenceUnits)
    .describe('`detector`: the stream as a whole. `entity`: each entity of `source.key` that has been seen.')
    .default('detector'),
  severity: z.enum(severities).describe('Severity of the alert.').default('major'),
  forgetAfterMs: positiveMs
    .describe('Silence after which an entity is no longer expected: it is forgotten, and its alert resolved.')
    .default(FORGET_AFTER_MS),
});

const alertsSchema = z.strictObject({
  topic: topicSchema.describe('Topic of the alerts.').default('flowline.alerts.v1'),
  sinks: z
    .array(nameSchema)
    .max(20)
    .refine((names) => new Set(names).size === names.length, { error: 'expected each sink once' })
    .describe('Destinations of the messages: `kafka`, which is the topic, and sinks by name. Empty: nobody is told.')
    .default([TOPIC_SINK]),
  groupBy: z
    .array(z.enum(alertGroups))
    .describe(
      'Anomalies of one entity and kind share an alert if they also agree in these: `feature`, the most surprising one. `event`: every anomaly is an alert of its own. Empty: one alert per entity and kind.',
    )
    .default(['feature']),
  minEvents: z
    .strictObject({
      count: z
        .int()
        .min(1)
        .max(100)
        .describe('Anomalies that open an alert. Fewer are stored, and nobody is told.')
        .default(1),
      withinMs: positiveMs.describe('Time within which they fall.').default(10 * MINUTE_MS),
    })
    .prefault({}),
  cooldownMs: positiveMs
    .describe('Least time between two pages about the same thing, unless the second is worse.')
    .default(30 * MINUTE_MS),
  resolveAfterMs: positiveMs
    .describe('Time without an anomaly after which an alert is resolved.')
    .default(15 * MINUTE_MS),
  mergeGapMs: positiveMs
    .describe('Time after its resolution within which an anomaly reopens an alert; later it opens another.')
    .default(15 * MINUTE_MS),
  severity: severitySchema
    .describe('Severity of an alert, by the surprise of its most surprising anomaly in bits.')
    .prefault({}),
  storm: z
    .strictObject({
      alerts: z
        .int()
        .min(1)
        .max(100_000)
        .describe('Alerts that open one by one. If more open within the window, one storm alert stands for them.')
        .default(50),
      windowMs: positiveMs.describe('Window of a storm.').default(5 * MINUTE_MS),
    })
    .prefault({}),
  direction: z
    .record(text, z.enum(directions))
    .describe('By feature: an anomaly to which it contributes most is part of an alert only if it went `up` or `down`.')
    .default({}),
  minEffect: z
    .record(text, minEffectSchema)
    .describe(
      'By feature: an anomaly to which it contributes most is part of an alert only if it is so far from the expected median, in `units` or in widths of the expected range (`ofRange`).',
    )
    .default({}),
  absence: orNull(absenceSchema.describe('Alerts about events that do not come; absent for none.')),
  sendResolved: z.boolean().describe('Whether a message says that an alert is resolved.').default(true),
  explainShare: z
    .number()
    .min(0)
    .max(1)
    .describe(
      'Share of its time that a scorer explains anomalies before it stores them. Beyond it, the explanation follows, and messages wait for it.',
    )
    .default(0.1),
});

/**
 * Schema of a detector with every default filled in: plain JSON, as stored with a detector version.
 * Every option is defined here: its type, limits, default and meaning. The form that people write
 * (detector-document.ts), its JSON Schema and the reference page are derived from it.
 */
export const definitionSchema = z.strictObject({
  name: nameSchema.describe('Name of the detector.'),
  labels: z.record(z.string(), z.string()).describe('Free names and values, for people.').default({}),
  source: sourceSchema,
  history: historySchema,
  lookups: z.record(z.string(), lookupSchema).default({}),
  features: z.array(featureSchema),
  model: modelSchema.prefault({}),
  training: trainingSchema,
  decision: decisionSchema,
  alerts: alertsSchema.prefault({}),
  compute: computeSchema
    .describe(
      'Code that scores events and trains models. For scoring it affects speed, not scores, and takes effect as soon as it is applied; `training` takes effect with the next training.',
    )
    .prefault({}),
  retention: retentionSchema.prefault({}),
});

/** A detector with every default filled in, as its stored versions hold it. */
export type DetectorDefinition = Immutable<z.output<typeof definitionSchema>>;

/** Alerts of a detector about events that do not come. */
export type AbsenceOptions = NonNullable<DetectorDefinition['alerts']['absence']>;

/** Intervals without an event, by default, after which an alert opens. */
const PATIENCE = 1.5;

/** Silence, in milliseconds, after which an alert opens. */
export const alertAfterMsOf = ({
  expectEveryMs,
  alertAfterMs,
}: {
  readonly expectEveryMs: number;
  readonly alertAfterMs: number | null;
}): number => alertAfterMs ?? expectEveryMs * PATIENCE;

/** True if trainings learn how often events of a detector are expected. */
export const learnsIntervals = ({ alerts: { absence } }: Pick<DetectorDefinition, 'alerts'>): boolean =>
  absence?.expectEveryMs === LEARNED;

/** Entity whose past the windows cover. Null if the detector has no key. */
export function entityOf({ source: { key, time } }: Pick<DetectorDefinition, 'source'>): EntitySpec | null {
  return key === null ? null : { key, time };
}
