import { atOnce } from '@flowline/events';
import { createHash } from 'node:crypto';

import { emitGradient } from '../targets/wasm/emit-gradient.ts';
import { emitScore } from '../targets/wasm/emit-score.ts';
import { shaderEmission } from '../targets/wgsl/emit-score.ts';
import { familyCases } from './family-cases.ts';
import { randomPlan, typicalShape } from './random-plan.ts';
import type { PlanShape } from './random-plan.ts';
import { lowerFlow } from '../lower/flow.ts';
import { activations } from '../plan/plan.ts';
import type { Plan } from '../plan/plan.ts';

/** Hashes of what the targets emit, by case and file. */
export type EmissionHashes = Readonly<Record<string, Readonly<Record<string, string>>>>;

const flowShapes = [
  { features: 5, seed: 5 },
  { features: 6, context: 3, presence: [null, 0, 2, null, null, 1], seed: 5 },
];

const small: PlanShape = { ...typicalShape, features: 7, couplings: 2, hidden: [17], seed: 3 };
const planShapes: readonly PlanShape[] = [
  ...activations.map((activation) => ({ ...small, activation })),
  { ...small, features: 1, context: 0, nullable: 0 },
  { ...small, hidden: [12, 12, 12], residual: true },
  { ...small, networks: 'separate', scale: { kind: 'softsign', bound: 3 } },
  { ...small, autoregressive: true, scale: { kind: 'none', bound: null }, inputClip: null },
  { ...small, mixing: true, contextual: 'planar', base: 'studentT', context: 3, nullable: 3 },
  { ...small, contextual: 'radial', base: 'gaussianMixture', context: 3, nullable: 3 },
  { ...small, transformer: { type: 'rationalQuadratic', bins: 4, bound: 3, parameterBound: 3 }, base: 'normal' },
  { ...small, transformer: { type: 'deepSigmoid', units: 3, scale: { kind: 'sigmoid', bound: null }, spread: 1 } },
];

/**
 * Hashes of the modules and shaders of the families in the test table and of random plans. Needs a
 * tensor backend. The weights are replaced by small binary fractions, so that the hashes depend on
 * the emitters alone and not on how a platform rounds.
 */
export const emissionHashes = (): EmissionHashes => {
  const hashes: Record<string, Record<string, string>> = {};
  for (const { name, make } of familyCases) {
    flowShapes.forEach((shape, i) => {
      const flow = make(shape);
      hashes[`${name} ${i}`] = hashesOf(withExactWeights(lowerFlow(flow)));
      flow.dispose();
    });
  }
  planShapes.forEach((shape, i) => {
    hashes[`plan ${i}`] = hashesOf(withExactWeights(randomPlan(shape)));
  });
  return hashes;
};

const hashesOf = (plan: Plan): Record<string, string> => {
  const hashes: Record<string, string> = {};
  const add = (name: string, content: Uint8Array | string): void => {
    hashes[name] = createHash('sha256').update(content).digest('hex').slice(0, 16);
  };
  for (const fused of [true, false]) {
    const options = { fused, capacity: 64 };
    const suffix = fused ? ', fused' : '';
    add(`score.wasm${suffix}`, emitScore(plan, options).bytes);
    add(`gradient.wasm${suffix}`, emitGradient(plan, options).bytes);
  }
  for (const output of ['score', 'latent'] as const) {
    add(`${output}.wgsl`, atOnce(shaderEmission(plan, output, { workgroupBytes: 16_384 })).code);
  }
  return hashes;
};

/** Replaces the weights of a plan, except zeros and ones, for which emitters look. */
const withExactWeights = (plan: Plan): Plan => {
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return ((state >>> 16) % 61) / 64 + 1 / 128;
  };
  const replaced = (value: unknown): unknown => {
    if (value instanceof Float64Array) return value.map((weight) => (weight === 0 || weight === 1 ? weight : next()));
    if (value instanceof Int32Array || typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return (value as readonly unknown[]).map(replaced);
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, replaced(part)]));
  };
  return replaced(plan) as Plan;
};
