import { z } from 'zod';

import { expressionSchema } from './expression.ts';
import type { Immutable } from './immutable.ts';
import { orNull } from './option.ts';

/** Schema of the event time in a record. */
export const eventTimeSchema = z.strictObject({
  field: z.string().min(1).describe('The (dotted) field of the event time.'),
  unit: z.enum(['ms', 's', 'us', 'iso']).describe('Units since the epoch, or ISO 8601 text.'),
});

/** Field and format of the event time: units since the epoch, or ISO 8601 text. */
export type EventTimeSpec = Immutable<z.output<typeof eventTimeSchema>>;

/**
 * Entity whose past an event's windows cover, and the event time that orders it. Part of a
 * detector's source.
 */
export interface EntitySpec {
  /** The (dotted) fields that together name the entity. */
  readonly key: readonly string[];
  readonly time: EventTimeSpec;
}

/** Types of features. docs/reference/features.md says what each means for the density. */
export const featureTypes = ['real', 'positive', 'integer', 'unit', 'categorical', 'boolean', 'cyclic'] as const;
export type FeatureType = (typeof featureTypes)[number];

/** Schema of one feature of a detector. The order of its keys is part of a model's identity. */
export const featureSchema = z.strictObject({
  name: z.string().min(1).describe('Name of the feature in scores, alerts and explanations.'),
  type: z.enum(featureTypes).describe('Kind of quantity, which decides the density.'),
  from: expressionSchema.describe('Source of the value: a (dotted) column, or a derived value.'),
  role: z.enum(['score', 'context']).describe('`context`: the feature conditions the density and is not scored.'),
  /** If false, a null or absent value makes the record a dead letter. */
  nullable: z.boolean().describe('A null or absent value is a missing value.'),
  maxLevels: z
    .int()
    .min(1)
    .max(1024)
    .describe('`categorical` only: number of levels kept apart, the most frequent ones.')
    .default(64),
  period: orNull(
    z
      .number()
      .positive()
      .describe('`cyclic` only: length of a cycle, as a duration (for times) or in units of the value.'),
  ),
});

/**
 * One feature of a detector, with every default filled in. Features of type `cyclic` always have
 * the role `context` and a period, in milliseconds for times.
 */
export type FeatureSpec = Immutable<z.output<typeof featureSchema>>;

/** Schema of a lookup table. */
export const lookupTableSchema = z.strictObject({
  key: z.string(),
  rows: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
});

/**
 * A lookup table: rows by key. It is part of the model version, so that stored scores can be
 * reproduced.
 */
export type LookupTable = Immutable<z.output<typeof lookupTableSchema>>;
