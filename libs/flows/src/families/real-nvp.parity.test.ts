import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import type { CouplingConfig } from '../bijectors/coupling.ts';
import type { ScaleFunction } from '../bijectors/scale-function.ts';
import { FLOW_FORMAT_VERSION, type FlowConfig } from '../flow-config.ts';
import { Flow } from '../flow.ts';
import type { ParityFile } from '../testing/parity.ts';
import { biasFrom, kernelFrom, readParity } from '../testing/parity.ts';
import { AffineTransformer } from '../transformers/affine.ts';

beforeAll(() => initBackend('wasm'));

const coupling = ({
  scale,
  ...config
}: Pick<CouplingConfig, 'features' | 'conditioning' | 'networks'> & {
  readonly scale: ScaleFunction;
}): CouplingConfig => ({
  type: 'coupling',
  context: 0,
  inputClip: null,
  transformer: new AffineTransformer({ type: 'affine', scale }).config,
  ...config,
});

const flowOf = (features: number, couplings: readonly CouplingConfig[]) => {
  const config: FlowConfig = {
    format: 'flowline.flow',
    version: FLOW_FORMAT_VERSION,
    family: 'realNVP',
    features,
    context: 0,
    presence: Array.from({ length: features }, () => null),
    base: { type: 'standardNormal', features },
    bijector: { type: 'chain', ...{ bijectors: couplings } },
  };
  return Flow.fromConfig(config);
};

function expectParity(flow: Flow, reference: ParityFile): void {
  const x = tf.tensor2d(reference.x.map((row) => [...row]));
  const [z, logDet] = flow.bijector.forwardAndLogDet(x);
  const close = (found: tf.Tensor, expected: readonly number[]) =>
    found.dataSync().forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4));
  close(z, reference.z.flat());
  close(logDet, reference.logAbsDet);
  close(flow.logProb(x), reference.logProb);
  close(flow.decode(z), reference.x.flat());
}

const article = readParity('article_realnvp');
const zuko = readParity('zuko_realnvp');

describe('Real NVP against PyTorch', () => {
  (article === undefined ? it.skip : it)(
    "is the article's: masks, s a bounded tanh network, t a relu network, both of mask ⊙ x",
    () => {
      const reference = article!;
      const masks = reference.config.masks as number[][];
      const { weights } = reference;
      const indices = (mask: readonly number[], value: number) => mask.flatMap((m, i) => (m === value ? [i] : []));
      const hidden = masks.map((_, k) => (weights[`${k}.s1.bias`] as number[]).length);
      const net = (activation: 'tanh' | 'relu', k: number) => ({ hidden: [hidden[k]!], activation, residual: false });
      const flow = flowOf(
        masks[0]!.length,
        masks.map((mask, k) =>
          coupling({
            features: mask.length,
            conditioning: indices(mask, 1),
            scale: { kind: 'tanh', bound: 2 },
            networks: { kind: 'separate', scale: net('tanh', k), shift: net('relu', k) },
          }),
        ),
      );
      masks.forEach((mask, k) => {
        for (const [letter, name] of [['s', 'scale'] as const, ['t', 'shift'] as const]) {
          const set = (parameter: string, values: Float32Array) =>
            flow.variables.get(`bijector/coupling${k}/${name}/${parameter}`)!.assign(values);
          set('w0', kernelFrom(weights[`${k}.${letter}1.weight`], undefined, indices(mask, 1)));
          set('b0', biasFrom(weights[`${k}.${letter}1.bias`]));
          set('w1', kernelFrom(weights[`${k}.${letter}2.weight`], indices(mask, 0)));
          set('b1', biasFrom(weights[`${k}.${letter}2.bias`], indices(mask, 0)));
        }
      });
      expectParity(flow, reference);
    },
  );

  (zuko === undefined ? it.skip : it)(
    "is zuko's: softsign log-scale, one relu network whose outputs interleave shift and scale",
    () => {
      const reference = zuko!;
      const features = Number(reference.config.features);
      const hidden = reference.config.hidden as number[];
      const { weights } = reference;
      const masks = Array.from(
        { length: Number(reference.config.transforms) },
        (_, k) => weights[`transform.transforms.${k}.mask`] as boolean[],
      );
      const flow = flowOf(
        features,
        masks.map((mask) =>
          coupling({
            features,
            conditioning: mask.flatMap((keeps, i) => (keeps ? [i] : [])),
            scale: { kind: 'softsign', bound: Math.log(1e3) },
            networks: { kind: 'shared', net: { hidden, activation: 'relu', residual: false } },
          }),
        ),
      );
      masks.forEach((mask, k) => {
        const width = mask.filter((keeps) => !keeps).length;
        // Our outputs are [log-scales | shifts]; zuko's alternate shift and log-scale per feature.
        const order = [1, 0].flatMap((offset) => Array.from({ length: width }, (_, i) => 2 * i + offset));
        const last = hidden.length;
        for (let layer = 0; layer <= last; layer++) {
          const of = (kind: string) => weights[`transform.transforms.${k}.hyper.${2 * layer}.${kind}`];
          const outputs = layer === last ? order : undefined;
          flow.variables.get(`bijector/coupling${k}/w${layer}`)!.assign(kernelFrom(of('weight'), outputs));
          flow.variables.get(`bijector/coupling${k}/b${layer}`)!.assign(biasFrom(of('bias'), outputs));
        }
      });
      expectParity(flow, reference);
    },
  );
});
