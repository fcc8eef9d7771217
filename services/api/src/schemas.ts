import { parseIsoTime } from '@flowline/events';
import { z } from 'zod';

/** Earliest time of a filter: the year 100, as everywhere. */
const EARLIEST_MS = Date.UTC(100, 0);

/** Text of a request: no NUL, which Postgres cannot store, and at most 1,000 characters. */
export const text = z
  .string()
  .min(1)
  .max(1_000)
  .regex(/^[^\0]*$/u, 'expected text without NUL');

/** Whole number within a path or a query. */
export function wholeNumber(least: number, most: number, meaning: string) {
  return z
    .string()
    .regex(/^\d{1,16}$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.int().min(least).max(most))
    .meta({ description: meaning, type: 'integer', minimum: least, maximum: most });
}

/** Time within a query: ISO 8601. */
export const moment = (meaning: string) =>
  z
    .string()
    .max(64)
    .refine((written) => parseIsoTime(written) >= EARLIEST_MS, 'expected a time such as 2026-05-01T12:00:00Z')
    .transform((written) => new Date(parseIsoTime(written)))
    .meta({ description: meaning, format: 'date-time' });

/** Number within a query. */
export const probability = (meaning: string) =>
  z
    .string()
    .max(64)
    .refine((written) => /^[\d.eE-]+$/.test(written) && Number(written) >= 0 && Number(written) <= 1, 'expected 0 to 1')
    .transform(Number)
    .meta({ description: meaning, type: 'number', minimum: 0, maximum: 1 });

const MAX_ID = Number.MAX_SAFE_INTEGER;
/** Largest version. */
export const MAX_VERSION = 2_147_483_647;

/** Name of a detector. */
export const detectorName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected the name of a detector: lower-case letters, digits, hyphens')
  .describe('Name of a detector.');

/** Id of a row. */
export const rowId = (meaning: string) => wholeNumber(1, MAX_ID, meaning);
/** Version of a detector or a model. */
export const version = (meaning: string) => wholeNumber(1, MAX_VERSION, meaning);

/** Name of a rule, a calendar or a sink. */
export const resourceName = detectorName.describe('Name of the resource.');

/** Document as text: YAML, or the same as JSON. */
export const documentOf = (meaning: string) =>
  z.string().min(1, 'expected a document').meta({ description: meaning, type: 'object' });

export const detectorParams = z.strictObject({ detector: detectorName });
export const detectorFilter = { detector: detectorName.optional() };

/** Parameters of every list. */
export const page = {
  limit: wholeNumber(1, 1_000, 'Maximum items per page.').default(50),
  cursor: z.string().min(1).max(2_000).describe('The `next` of the previous page.').optional(),
};

/** Page of a list. */
export const pageOf = (item: z.ZodType) =>
  z.strictObject({
    items: z.array(item),
    next: z.string().nullable().describe('Cursor of the next page; null at the end.'),
  });

/** Time in a response. */
export const time = z.iso.datetime();
/** Values of an event by feature. */
export const values = z.record(z.string(), z.union([z.number(), z.string(), z.null()]));

/** Options that are set, without the others. */
export function set<Options extends object>(
  options: Options,
): { [Name in keyof Options]?: Exclude<Options[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Options]?: Exclude<Options[Name], undefined>;
  };
}
