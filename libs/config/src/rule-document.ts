import type { Immutable } from '@flowline/events';
import { z } from 'zod';

import { scopeShape } from './scope.ts';

const text = z.string().min(1);
/** Longest condition. Compiled conditions are bounded by this and by the library's own limits. */
const MAX_CONDITION = 4_000;
const MAX_LABELS = 20;

const actionsSchema = z
  .strictObject({
    suppress: z.literal(true).describe('The anomaly is stored and counted; it is part of no alert.').optional(),
    downgrade: z.enum(['info', 'warning', 'major']).describe('Severity that it does not exceed.').optional(),
    tag: z
      .record(text.max(100), z.string().max(500))
      .refine((labels) => Object.keys(labels).length <= MAX_LABELS, { error: `expected at most ${MAX_LABELS} labels` })
      .describe('Labels of the message, by name.')
      .optional(),
    excludeFromTraining: z.literal(true).describe('Later models do not learn from the event.').optional(),
  })
  .refine((actions) => Object.keys(actions).length > 0, {
    error: 'expected at least one of suppress, downgrade, tag, excludeFromTraining',
  });

/** Schema of a rule: what is done with anomalies that meet a condition. */
export const ruleSpecSchema = z.strictObject({
  when: text.max(MAX_CONDITION).describe('Condition in CEL, over the anomaly.'),
  ...scopeShape,
  then: actionsSchema.describe('Actions on an anomaly that meets it.'),
});

/** A rule, without its name. */
export type RuleSpec = Immutable<z.output<typeof ruleSpecSchema>>;
