import type { z } from 'zod';

/** Schema of an option that may be left out: null once defaults are filled in. */
export const orNull = <Option extends z.ZodType>(option: Option): z.ZodDefault<z.ZodNullable<Option>> =>
  option.nullable().default(null);
