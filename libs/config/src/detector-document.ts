import { featureSchema, lookupTableSchema } from '@flowline/events';
import { z } from 'zod';

import { alphaSchema, definitionSchema, fdrSchema } from './detector-definition.ts';
import { durationText, inPlaceOf, meaningOf, type Written, written } from './written-options.ts';

/** A false-alarm rate, such as `2/day`. */
export const RATE_PATTERN = /^(\d+(?:\.\d+)?)\/(hour|day|week)$/;

const text = z.string().min(1);
const { name, labels, source, history, model, training, decision, alerts, compute, retention } = definitionSchema.shape;

const kafka = source.shape.kafka.unwrap().unwrap();
const startFromDocument = z.union([z.enum(['earliest', 'latest']), z.strictObject({ timestamp: z.string() })], {
  error: 'expected earliest, latest, or { timestamp: 2026-01-01T00:00:00Z }',
});
const kafkaDocument = kafka.extend({ startFrom: inPlaceOf(kafka.shape.startFrom, startFromDocument) });
const sourceDocument = source.extend({ kafka: inPlaceOf(source.shape.kafka, kafkaDocument) });

const feature = featureSchema.shape;
const featureDocument = z.strictObject({
  name: feature.name,
  type: feature.type,
  from: feature.from.describe(`${meaningOf(feature.from)} By default the column of the feature's name.`).optional(),
  period: inPlaceOf(
    feature.period,
    z.union([durationText, z.number().positive()], { error: 'expected a duration such as 1d, or a positive number' }),
  ),
  role: feature.role
    .describe(`${meaningOf(feature.role)} By default \`score\`; always \`context\` for \`cyclic\`.`)
    .optional(),
  maxLevels: feature.maxLevels,
});

const lookupDocument = z.strictObject({
  query: text.describe('SQL whose rows are the table.').optional(),
  csv: text.describe('CSV file with a header, relative to this file.').optional(),
  rows: lookupTableSchema.shape.rows
    .describe('The rows by key, as `flowline export` writes those of a CSV file.')
    .optional(),
  key: text.describe('Column that a lookup compares with.'),
});

const historyDocument = history.extend({
  from: z
    .literal('scored_events')
    .describe('Instead of a query: the events that the scorer stored, also before there is a model.')
    .optional(),
  timeColumn: history.shape.timeColumn
    .describe(`${meaningOf(history.shape.timeColumn)} By default \`source.time.field\`.`)
    .optional(),
});

const controlDocument = z.strictObject({
  falseAlarms: z
    .string()
    .regex(RATE_PATTERN, 'expected a rate such as 2/day')
    .describe('False alarms per hour, day or week, such as `2/day`.')
    .optional(),
  alpha: alphaSchema.optional(),
  fdr: fdrSchema.optional(),
});

const missingDocument = z.strictObject({
  nullable: z.array(text).describe('Features or columns whose null or absent value is a missing value.'),
});

type Resolved = z.input<typeof definitionSchema>;

/** A detector file that matches the schema. */
export interface DetectorDocument {
  readonly apiVersion: 'flowline/v1';
  readonly kind: 'Detector';
  readonly metadata: Pick<Resolved, 'name' | 'labels'>;
  readonly spec: Written<Pick<Resolved, 'model' | 'training' | 'alerts' | 'compute' | 'retention'>> & {
    readonly source: Written<z.input<typeof sourceDocument>>;
    readonly history: Written<z.input<typeof historyDocument>>;
    readonly lookups?: Readonly<Record<string, z.input<typeof lookupDocument>>> | undefined;
    readonly features: readonly Written<z.input<typeof featureDocument>>[];
    readonly missing?: z.input<typeof missingDocument> | undefined;
    readonly decision: Pick<Resolved['decision'], 'test'> & { readonly control: z.input<typeof controlDocument> };
  };
}

/**
 * Schema of a detector file (YAML): the options of a definition as people write them, before
 * defaults. It accepts only what this version of Flowline supports.
 */
export const detectorDocument: z.ZodType<DetectorDocument> = written(
  z.strictObject({
    apiVersion: z.literal('flowline/v1').describe('Version of this format.'),
    kind: z.literal('Detector').describe('Kind of document.'),
    metadata: z.strictObject({ name, labels }),
    spec: z.strictObject({
      source: sourceDocument,
      history: historyDocument,
      lookups: z.record(text, lookupDocument).describe('Tables that derived features look values up in.').optional(),
      features: z.array(written(featureDocument)).min(1).max(256).describe('Parts of the feature vector.'),
      missing: missingDocument.optional(),
      model,
      training,
      decision: decision.extend({ control: controlDocument.describe(meaningOf(decision.shape.control)) }),
      alerts,
      compute,
      retention,
    }),
  }),
);

/** JSON Schema (draft 2020-12) of a detector file, generated from the schema that checks it. */
export function detectorJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(detectorDocument, { io: 'input' }), title: 'Flowline detector' };
}
