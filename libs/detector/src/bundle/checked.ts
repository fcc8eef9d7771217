import { at, type FeatureSpec } from '@flowline/events';
import type { SafeTensor } from '@flowline/flows';

import { contextLevels } from '../calibration/row-traits.ts';
import { unusable } from './unusable.ts';

/** Tensors of a model file by name. */
export type Tensors = ReadonlyMap<string, SafeTensor>;

/** Sizes that the parts of a model agree on, by the encoding of its features. */
export interface ModelSizes {
  /** Dimensions of the flows. */
  readonly dimensions: number;
  /** Numbers of an encoded row: dimensions and context. */
  readonly width: number;
  /** Context features with levels. */
  readonly contexts: number;
}

/** Sizes of the model of an encoding. */
export const modelSizes = ({
  schema,
  dimensions,
  width,
}: Omit<ModelSizes, 'contexts'> & { readonly schema: readonly FeatureSpec[] }): ModelSizes => ({
  dimensions,
  width,
  contexts: contextLevels(schema).length,
});

/** @throws FlowlineError FLOWLINE_MODEL_CORRUPTED unless a part of a model is as it must be. */
export function check(condition: boolean, part: string, finding: string): asserts condition {
  if (!condition) throw unusable('FLOWLINE_MODEL_CORRUPTED', `its part ${part} ${finding}`);
}

/** Reads an object of a model file, whose JSON may be anything. */
export function readObject(value: unknown, part: string): Readonly<Record<string, unknown>> {
  check(isObject(value), part, 'is not an object');
  return value;
}

/** True for an object of JSON. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a list of a model file. */
export function readList<T>(value: unknown, part: string, read: (item: unknown, part: string) => T): readonly T[] {
  check(Array.isArray(value), part, 'is not a list');
  return value.map((item: unknown, i) => read(item, `${part}[${i}]`));
}

/** Reads a list of two values of a model file. */
export function readPair(value: unknown, part: string): readonly [unknown, unknown] {
  const [first, second, ...more] = readList(value, part, (item) => item);
  check(first !== undefined && second !== undefined && more.length === 0, part, 'is not a pair');
  return [first, second];
}

/** Reads text of a model file. */
export function readText(value: unknown, part: string): string {
  check(typeof value === 'string', part, 'is not text');
  return value;
}

/** Reads a finite number of a model file, of at least `least`. */
export function readNumber(value: unknown, part: string, least = -Infinity): number {
  check(
    typeof value === 'number' && Number.isFinite(value) && value >= least,
    part,
    'is not a number that may stand there',
  );
  return value;
}

/** Reads a whole number of a model file. */
export function readWhole(value: unknown, part: string, least = 0): number {
  const number = readNumber(value, part, least);
  check(Number.isSafeInteger(number), part, 'is not a whole number');
  return number;
}

/** Reads numbers by name, each finite. */
export function readNumbers(value: unknown, part: string): Readonly<Record<string, number>> {
  const entries = Object.entries(readObject(value, part));
  return Object.fromEntries(entries.map(([name, number]) => [name, readNumber(number, `${part}.${name}`)]));
}

/** float64 numbers of a tensor, none of them NaN. */
export function readFloat64(tensors: Tensors, name: string): Float64Array {
  const data = tensors.get(name)?.data;
  check(data instanceof Float64Array && !data.some(Number.isNaN), name, 'is missing, or holds no float64 numbers');
  return data;
}

/** Finite float32 numbers of a tensor [any × columns]; at least one row. */
export function readFloat32(tensors: Tensors, name: string, columns: number): Float32Array {
  const { data, shape = [] } = tensors.get(name) ?? {};
  check(
    data instanceof Float32Array && data.length > 0 && (shape.length === 1 ? 1 : shape[1]) === columns,
    name,
    `is missing, or has no rows of ${columns} float32 numbers`,
  );
  check(data.every(Number.isFinite), name, 'holds a number that is not finite');
  return data;
}

/** True if no number is less than the one before it. */
export const isAscending = (values: Float64Array): boolean =>
  values.every((value, i) => i === 0 || value >= at(values, i - 1));

/** True if no number is more than the one before it. */
export const isDescending = (values: Float64Array): boolean =>
  values.every((value, i) => i === 0 || value <= at(values, i - 1));
