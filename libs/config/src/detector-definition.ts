import {
  type ComputeSpec,
  DAY_MS,
  type EntitySpec,
  type EventTimeSpec,
  expressionSchema,
  type FeatureSpec,
  featureTypes,
  FlowlineError,
  type LookupTable,
  scoringBackends,
} from '@flowline/events';
import { z } from 'zod';

/**
 * A lookup table: its rows (from a CSV file), or the query that returns them when a model is
 * trained.
 */
export type LookupSource = { readonly table: LookupTable } | { readonly query: string; readonly key: string };

/**
 * Bound on false alarms: a rate per event, or a number per day from which the trainer derives that
 * rate.
 */
export type FalseAlarmControl = { readonly alpha: number } | { readonly falseAlarmsPerDay: number };

/** Formats of record values. The scorer has one decoder per format. */
export const recordFormats = ['json'] as const;
export type RecordFormat = (typeof recordFormats)[number];

/**
 * Start position of a detector that has read nothing of a topic: an end of the log, or the first
 * record at or after a time.
 */
export type StartFrom = 'earliest' | 'latest' | { readonly timestampMs: number };

/**
 * Rules for promoting a new model: if it is not worse and its alarm rate is as configured (`auto`),
 * always, or only by hand (`never`).
 */
export const promotionModes = ['auto', 'always', 'never'] as const;
export type PromotionMode = (typeof promotionModes)[number];

/** A detector with every default filled in: plain JSON, as stored with a detector version. */
export interface DetectorDefinition {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly source: {
    /** Null for a detector that scores files only. */
    readonly kafka: {
      readonly topic: string;
      readonly format: RecordFormat;
      readonly startFrom: StartFrom;
    } | null;
    readonly time: EventTimeSpec;
    /** Fields that name an event's entity. Null if the detector has no entities. */
    readonly key: readonly string[] | null;
    /** Field of the event's id. Null: topic, partition and offset identify the event. */
    readonly eventId: string | null;
  };
  readonly history: {
    /** SQL whose rows are the history. Null: the history is the events that the scorer stored. */
    readonly query: string | null;
    readonly timeColumn: string;
    /** Length of history before its newest row. Null: all of it. */
    readonly lookbackMs: number | null;
    readonly maxRows: number;
  };
  readonly lookups: Readonly<Record<string, LookupSource>>;
  readonly features: readonly FeatureSpec[];
  readonly model: {
    readonly family: 'realNVP' | 'auto';
    readonly seed: number;
    readonly members: number;
    /** steps: null leaves the number to the training recipe. */
    readonly budget: { readonly maxMinutes: number; readonly steps: number | null };
    readonly calibration: { readonly fraction: number };
  };
  readonly training: {
    readonly data: 'unlabelled' | 'clean';
    /** A cron expression. Null: trained by hand only. */
    readonly schedule: string | null;
    readonly timezone: string;
    /** For a history of stored events: the number of events at which the first model is trained. */
    readonly firstModelRows: number;
    readonly promote: PromotionMode;
  };
  readonly decision: { readonly test: 'density'; readonly control: FalseAlarmControl };
  readonly alerts: { readonly topic: string };
  readonly compute: ComputeSpec;
  /** sample: share of normal events whose rows are kept. */
  readonly retention: {
    readonly scoredMs: number;
    readonly anomaliesMs: number;
    readonly deadLettersMs: number;
    readonly sample: number;
  };
}

/** Entity whose past the windows cover. Null if the detector has no key. */
export function entityOf({ source: { key, time } }: Pick<DetectorDefinition, 'source'>): EntitySpec | null {
  return key === null ? null : { key, time };
}

const cell = z.union([z.string(), z.number(), z.null()]);

/** Defaults for keys that definitions stored by earlier versions of Flowline may lack. */
const DEFAULTS = { firstModelRows: 5_000, promote: 'auto', deadLettersMs: 90 * DAY_MS, sample: 1 } as const;

/**
 * Schema of a stored definition. Keys that a later version of Flowline wrote are errors; they are
 * not ignored.
 */
const definitionSchema: z.ZodType<DetectorDefinition> = z.strictObject({
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  source: z.strictObject({
    kafka: z
      .strictObject({
        topic: z.string(),
        format: z.enum(recordFormats),
        startFrom: z.union([z.enum(['earliest', 'latest']), z.strictObject({ timestampMs: z.number() })]),
      })
      .nullable(),
    time: z.strictObject({ field: z.string(), unit: z.enum(['ms', 's', 'us', 'iso']) }),
    key: z.array(z.string()).nullable().default(null),
    eventId: z.string().nullable(),
  }),
  history: z.strictObject({
    query: z.string().nullable(),
    timeColumn: z.string(),
    lookbackMs: z.number().nullable(),
    maxRows: z.number(),
  }),
  lookups: z.record(
    z.string(),
    z.union([
      z.strictObject({
        table: z.strictObject({ key: z.string(), rows: z.record(z.string(), z.record(z.string(), cell)) }),
      }),
      z.strictObject({ query: z.string(), key: z.string() }),
    ]),
  ),
  features: z.array(
    z.strictObject({
      name: z.string(),
      type: z.enum(featureTypes),
      from: expressionSchema,
      role: z.enum(['score', 'context']),
      nullable: z.boolean(),
      maxLevels: z.number(),
      period: z.number().nullable(),
    }),
  ),
  model: z.strictObject({
    family: z.enum(['realNVP', 'auto']),
    seed: z.number(),
    members: z.number(),
    budget: z.strictObject({ maxMinutes: z.number(), steps: z.number().nullable() }),
    calibration: z.strictObject({ fraction: z.number() }),
  }),
  training: z.strictObject({
    data: z.enum(['unlabelled', 'clean']),
    schedule: z.string().nullable(),
    timezone: z.string(),
    firstModelRows: z.number().default(DEFAULTS.firstModelRows),
    promote: z.enum(promotionModes).default(DEFAULTS.promote),
  }),
  decision: z.strictObject({
    test: z.literal('density'),
    control: z.union([z.strictObject({ alpha: z.number() }), z.strictObject({ falseAlarmsPerDay: z.number() })]),
  }),
  alerts: z.strictObject({ topic: z.string() }),
  // Absent in definitions stored before backends could be chosen.
  compute: z
    .strictObject({ backend: z.enum(['auto', ...scoringBackends]), threads: z.number().nullable() })
    .default({ backend: 'auto', threads: null }),
  retention: z.strictObject({
    scoredMs: z.number(),
    anomaliesMs: z.number(),
    deadLettersMs: z.number().default(DEFAULTS.deadLettersMs),
    sample: z.number().default(DEFAULTS.sample),
  }),
});

/**
 * Reads a definition stored as JSON.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID if another version of Flowline wrote it.
 */
export function readDefinition(json: unknown, where: string): DetectorDefinition {
  const checked = definitionSchema.safeParse(json);
  if (checked.success) return checked.data;
  const findings = checked.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`);
  throw new FlowlineError(
    'FLOWLINE_CONFIG_INVALID',
    `The stored definition of ${where} cannot be read: ${findings.join('; ')}`,
    {
      where,
      remedy: 'Apply its file again with `flowline apply <file>`.',
      cause: checked.error,
    },
  );
}
