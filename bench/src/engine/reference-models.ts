import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { createScorer, exportFlow } from '@flowline/engine';
import { at } from '@flowline/events';
import { Random, realNVP, type Flow } from '@flowline/flows';

/** The two reference sizes. */
export const modelNames = ['d10', 'd64'] as const;
export type ModelName = (typeof modelNames)[number];

const sizes = { d10: { features: 10, hidden: [64, 64] }, d64: { features: 64, hidden: [256, 256] } } as const;

/** Design of the reference models, which the peers have too. */
export const REFERENCE = {
  layers: 8,
  partition: 'halves',
  activation: 'relu',
  scaleBound: 2,
  inputClip: null,
  actNorm: false,
} as const;

/** A Real NVP of a reference size, with weights like those of a trained one, and rows to score. */
export interface ReferenceModel {
  readonly name: ModelName;
  readonly flow: Flow;
  readonly rows: Float32Array;
  readonly width: number;
  /** log p of the first CHECKED_ROWS rows, by the float64 reference. */
  readonly exact: Float64Array;
  /** Floating-point operations per row in the matrix products. A multiply-add counts as two. */
  readonly operations: number;
  /** The same flow as an ONNX model. */
  readonly onnx: Uint8Array;
}

/** Number of rows whose scores are checked before timing. */
export const CHECKED_ROWS = 16;

/** Creates a model. `rows` is the largest batch to score. */
export async function referenceModel(name: ModelName, rows: number): Promise<ReferenceModel> {
  const { features, hidden } = sizes[name];
  const flow = realNVP({ ...REFERENCE, features, hidden, seed: 1 });
  const random = new Random(2);
  flow.assign((parameter, shape) => {
    const count = shape.reduce((product, length) => product * length, 1);
    const isLast = parameter.endsWith(`w${hidden.length}`);
    const spread = shape.length === 2 ? Math.sqrt((isLast ? 0.02 : 1.6) / at(shape, 0)) : 0.1;
    return Float32Array.from({ length: count }, () => random.normal() * spread);
  });
  const events = Float32Array.from({ length: rows * features }, () => random.normal());
  const reference = await createScorer([flow], { backend: 'reference' });
  const exact = await reference.score(events, CHECKED_ROWS);
  reference.dispose();
  const half = features / 2;
  const widths = [half, ...hidden, 2 * half];
  const products = widths.slice(1).reduce((sum, width, i) => sum + width * at(widths, i), 0);
  return {
    name,
    flow,
    rows: events,
    width: features,
    exact,
    operations: 2 * REFERENCE.layers * products,
    onnx: exportFlow(flow),
  };
}

/** Shape of a reference model, as bench/peers/real_nvp.py reads it. */
interface WrittenShape {
  readonly features: number;
  readonly layers: number;
  readonly hidden: readonly number[];
  readonly bound: number;
}

/** Writes the shape of a flow with more about it to NAME.json, and its weights in order. */
export function writeModel(folder: string, name: string, flow: Flow, shape: WrittenShape & object): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(shape));
  const weights: number[] = [];
  for (const parameter of flow.variables.values()) for (const value of parameter.read()) weights.push(value);
  writeValues(folder, `${name}.weights`, Float32Array.from(weights));
}

/**
 * Writes a model for bench/peers: the shape, with `more` about it, the weights in order, the rows,
 * and their expected scores.
 */
export function writeForPeers(
  { name, flow, rows, exact, width, operations }: ReferenceModel,
  folder: string,
  more: object = {},
): void {
  const shape = {
    features: width,
    layers: REFERENCE.layers,
    hidden: sizes[name].hidden,
    bound: REFERENCE.scaleBound,
    operations,
  };
  writeModel(folder, name, flow, { ...shape, ...more });
  writeValues(folder, `${name}.rows`, rows);
  writeValues(folder, `${name}.exact`, exact);
}

function writeValues(folder: string, name: string, values: Float32Array | Float64Array): void {
  writeFileSync(path.join(folder, `${name}.bin`), new Uint8Array(values.buffer));
}
