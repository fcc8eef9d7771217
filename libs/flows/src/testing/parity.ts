import { at } from '../at.ts';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Reference values of a flow, computed in float64 by another library. */
export interface ParityFile {
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: Readonly<Record<string, unknown>>;
  readonly x: readonly (readonly number[])[];
  readonly z: readonly (readonly number[])[];
  readonly logAbsDet: readonly number[];
  readonly logProb: readonly number[];
}

/** FLOWLINE_PARITY_DIR, or the shared folder beside the repository. */
const directory =
  process.env.FLOWLINE_PARITY_DIR ?? path.resolve(import.meta.dirname, '../../../../../shared/data/flows/parity');

/**
 * Reads the named parity file. If it is absent, returns undefined and prints the reason, unless
 * FLOWLINE_REQUIRE_SHARED is 1: the reference values do not ship with the repository.
 */
export function readParity(name: string): ParityFile | undefined {
  const file = path.join(directory, `${name}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as ParityFile;
  if (process.env.FLOWLINE_REQUIRE_SHARED === '1') throw new Error(`${file} is not there`);
  process.stderr.write(`skipped: ${name}.json is not there; set FLOWLINE_PARITY_DIR to its folder\n`);
  return undefined;
}

/**
 * A kernel in PyTorch's layout, [outputs × inputs], restricted to some outputs and inputs and
 * transposed: row-major [inputs × outputs].
 */
export function kernelFrom(weight: unknown, outputs?: readonly number[], inputs?: readonly number[]): Float32Array {
  const matrix = weight as readonly (readonly number[])[];
  const rows = outputs ?? matrix.map((_, i) => i);
  const columns = inputs ?? at(matrix, 0).map((_, j) => j);
  return Float32Array.from(columns.flatMap((j) => rows.map((i) => matrix[i]?.[j] ?? Number.NaN)));
}

/** A bias restricted to some outputs. */
export function biasFrom(bias: unknown, outputs?: readonly number[]): Float32Array {
  const values = bias as readonly number[];
  return Float32Array.from(outputs ?? values.map((_, i) => i), (i, k) => at(values, outputs === undefined ? k : i));
}
