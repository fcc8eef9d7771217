import { DURATION_PATTERN, formatDurationMs } from '@flowline/events';
import { z } from 'zod';

import { isRecord } from './document-findings.ts';

/** A duration as people write it, such as `30d`. */
export const durationText = z.string().regex(DURATION_PATTERN, 'expected a duration such as 30d, 12h or 90s');

/** True for an option in milliseconds. People write it as a duration, without the suffix. */
export const isDuration = (name: string): boolean => name.endsWith('Ms');

/** Name of an option in a detector file: `scored` for `scoredMs`. */
export const writtenName = (name: string): string => (isDuration(name) ? name.slice(0, -'Ms'.length) : name);

/** Options as people write them: durations as text, under a name without the suffix `Ms`. */
export type Written<Options> = Options extends readonly unknown[] | string | number | boolean | null | undefined
  ? Options
  : {
      readonly [Name in keyof Options as Name extends `${infer Short}Ms` ? Short : Name]: Name extends `${string}Ms`
        ? string | undefined
        : Written<Options[Name]>;
    };

type WrittenSchema<Options extends z.ZodObject> = z.ZodType<Written<z.input<Options>>, Written<z.input<Options>>>;

/** Description of an option, whether it has a default or may be left out. */
export function meaningOf(option: z.core.$ZodType): string {
  const own = z.globalRegistry.get(option)?.description;
  if (own !== undefined) return own;
  return option instanceof z.ZodDefault || option instanceof z.ZodPrefault || option instanceof z.ZodNullable
    ? meaningOf(option.def.innerType)
    : '';
}

/** Another schema for an option that people write differently, with its description and default. */
export function inPlaceOf<Schema extends z.ZodType>(option: z.ZodDefault, schema: Schema): z.ZodOptional<Schema> {
  const optional = schema.describe(meaningOf(option)).optional();
  const { defaultValue } = option.def;
  return defaultValue === null ? optional : optional.meta({ default: defaultValue });
}

/**
 * Schema of options as people write them, derived from the schema of their resolved form. An option
 * with a default may be left out (the default is in the JSON Schema), but not written as null.
 */
export function written<Options extends z.ZodObject>(options: Options): WrittenSchema<Options> {
  return writtenForm(options, '') as WrittenSchema<Options>;
}

function writtenForm(option: z.core.$ZodType, name: string): z.ZodType {
  const form = withoutDefault(option, name);
  const own = z.globalRegistry.get(option);
  if (form === option) return form;
  const fallback = option instanceof z.ZodDefault ? writtenDefault(option.def.defaultValue, name) : null;
  return form.meta({ ...own, ...(fallback === null ? {} : { default: fallback }) });
}

function withoutDefault(option: z.core.$ZodType, name: string): z.ZodType {
  if (option instanceof z.ZodDefault || option instanceof z.ZodPrefault || option instanceof z.ZodOptional) {
    return writtenForm(option.def.innerType, name).optional();
  }
  if (option instanceof z.ZodNullable) return writtenForm(option.def.innerType, name);
  if (option instanceof z.ZodObject) return writtenObject(option);
  return isDuration(name) ? durationOr(wordsOf(option)).describe(meaningOf(option)) : (option as z.ZodType);
}

/** Words that an option takes beside a duration; empty for none. */
function wordsOf(option: z.core.$ZodType): readonly string[] {
  if (!(option instanceof z.ZodUnion)) return [];
  return option.def.options.flatMap((one) => (one instanceof z.ZodLiteral ? [...one.values].map(String) : []));
}

function durationOr(words: readonly string[]): z.ZodType {
  if (words.length === 0) return durationText;
  const expected = `expected a duration such as 30d, 12h or 90s, or ${words.join(' or ')}`;
  return z.union([z.string().regex(DURATION_PATTERN, expected), z.enum(words)], { error: expected });
}

const writtenObject = (options: z.ZodObject): z.ZodType =>
  z.strictObject(
    Object.fromEntries(
      Object.entries<z.core.$ZodType>(options.shape).map(([name, option]) => [
        writtenName(name),
        writtenForm(option, name),
      ]),
    ),
  );

const writtenDefault = (value: unknown, name: string): unknown =>
  isDuration(name) && typeof value === 'number' ? formatDurationMs(value) : value;

/**
 * Options of one section in their resolved form, without defaults: durations in milliseconds, under
 * the names of the schema, also within nested options. Other keys of the section are left out.
 * @param toMs parses a duration that was written at a path within the section.
 */
export function resolved<Options extends z.ZodObject>(
  options: Options,
  section: Readonly<Record<string, unknown>>,
  toMs: (text: string, path: readonly string[]) => number,
): z.input<Options> {
  return resolvedAt(options, section, toMs, []) as z.input<Options>;
}

function resolvedAt(
  { shape }: z.ZodObject,
  section: Readonly<Record<string, unknown>>,
  toMs: (text: string, path: readonly string[]) => number,
  above: readonly string[],
): Record<string, unknown> {
  const options = Object.entries<z.core.$ZodType>(shape).map(([name, option]) => {
    const path = [...above, writtenName(name)];
    const value = section[writtenName(name)];
    const nested = nestedOptions(option);
    if (nested !== null && isRecord(value)) return [name, resolvedAt(nested, value, toMs, path)];
    const isWritten = isDuration(name) && typeof value === 'string' && !wordsOf(option).includes(value);
    return [name, isWritten ? toMs(value, path) : value];
  });
  return Object.fromEntries(options) as Record<string, unknown>;
}

/** Schema of nested options, whether they have a default or may be left out; null for a value. */
export function nestedOptions(option: z.core.$ZodType): z.ZodObject | null {
  if (option instanceof z.ZodObject) return option;
  const isWrapped =
    option instanceof z.ZodDefault || option instanceof z.ZodPrefault || option instanceof z.ZodNullable;
  return isWrapped ? nestedOptions(option.def.innerType) : null;
}
