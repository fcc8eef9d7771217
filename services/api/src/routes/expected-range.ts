import { z } from 'zod';

/** Values expected of a feature, given the others. */
export const expectedRange = z.strictObject({
  ...{ median: z.number(), p05: z.number(), p95: z.number() },
  ranges: z
    .array(z.strictObject({ low: z.number(), high: z.number() }))
    .optional()
    .describe('The ranges that 90 % of the values lie in; absent unless there are several.'),
});
