import { isDeepStrictEqual } from 'node:util';

import { formatDurationMs } from '@flowline/events';
import { z } from 'zod';

import { isRecord } from './document-findings.ts';
import { isDuration, nestedOptions, writtenName } from './written-options.ts';

/** Form in which documents are written. */
export interface WriteForm {
  /** True to write options that have their default value, too. */
  readonly defaults: boolean;
}

/**
 * Options of one section as people write them, from their resolved form: durations as text, under
 * names without the suffix `Ms`. Options without a value are left out.
 */
export function writtenOptions(
  { shape }: z.ZodObject,
  section: Readonly<Record<string, unknown>>,
  form: WriteForm,
): Record<string, unknown> {
  const options = Object.entries<z.core.$ZodType>(shape).flatMap(([name, option]) => {
    const value = writtenValue(option, name, section[name], form);
    return value === undefined ? [] : [[writtenName(name), value] as const];
  });
  return Object.fromEntries(options);
}

/** Value of an option as people write it; undefined if it is left out. */
function writtenValue(option: z.core.$ZodType, name: string, value: unknown, form: WriteForm): unknown {
  if (value === null || value === undefined) return undefined;
  if (!form.defaults && option instanceof z.ZodDefault && isDeepStrictEqual(value, option.def.defaultValue)) {
    return undefined;
  }
  const nested = nestedOptions(option);
  if (nested !== null && isRecord(value)) {
    const written = writtenOptions(nested, value, form);
    const isWhole = !form.defaults && option instanceof z.ZodPrefault && Object.keys(written).length === 0;
    return isWhole ? undefined : written;
  }
  return isDuration(name) && typeof value === 'number' ? formatDurationMs(value) : value;
}
