import type { Immutable } from '@flowline/events';
import { z } from 'zod';

import { topicSchema } from './detector-definition.ts';

const kafkaSink = z.strictObject({
  kafka: z.strictObject({ topic: topicSchema.describe('Topic of the messages.') }),
});

/** Schema of a sink: an address of messages about alerts. One member of the union per kind. */
export const sinkSpecSchema = z.union([kafkaSink]);

/** A sink, without its name. */
export type SinkSpec = Immutable<z.output<typeof sinkSpecSchema>>;
