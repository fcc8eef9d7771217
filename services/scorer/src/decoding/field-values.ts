import { at } from '@flowline/events';
import { levelText, parseTime } from '@flowline/features';
import { FieldKind, type FieldReader } from '@flowline/stream';

const isMissing = (kind: FieldKind): boolean => kind === FieldKind.absent || kind === FieldKind.null;

/**
 * Number of a field, or a time as text in milliseconds. NaN if it is missing; infinite for any
 * other value.
 */
export function numberOf(fields: FieldReader, field: number): number {
  const kind = fields.kind(field);
  if (kind === FieldKind.number) return fields.number(field);
  if (isMissing(kind)) return NaN;
  const timeMs = kind === FieldKind.text ? parseTime(fields.text(field)) : NaN;
  return Number.isNaN(timeMs) ? Infinity : timeMs;
}

/** Value of a field that may be a time, a number or text; undefined for anything else. */
export function timeValueOf(fields: FieldReader, field: number): number | string | undefined {
  const kind = fields.kind(field);
  if (kind === FieldKind.number) return fields.number(field);
  return kind === FieldKind.text ? fields.text(field) : undefined;
}

/** A number or text in its original spelling; undefined for anything else. */
export function nameOf(fields: FieldReader, field: number): string | undefined {
  const kind = fields.kind(field);
  return kind === FieldKind.number || kind === FieldKind.text ? fields.text(field) : undefined;
}

/**
 * A level, or null if it is missing; undefined for any other value.
 * @param onlyBoolean true if a level is true or false.
 */
export function levelOf(fields: FieldReader, field: number, onlyBoolean: boolean): string | null | undefined {
  const kind = fields.kind(field);
  if (isMissing(kind)) return null;
  if (kind === FieldKind.true) return 'true';
  if (kind === FieldKind.false) return 'false';
  const name = onlyBoolean ? undefined : nameOf(fields, field);
  return name === undefined ? undefined : levelText(name);
}

/** Name of an entity, from the fields of its key; undefined if one has no name. */
export function entityOf(fields: FieldReader, key: readonly number[]): string | undefined {
  if (key.length === 1) return levelOf(fields, at(key, 0), false) ?? undefined;
  const names = key.map((field) => levelOf(fields, field, false) ?? undefined);
  return names.includes(undefined) ? undefined : JSON.stringify(names);
}
