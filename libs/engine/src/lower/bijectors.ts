import { at, type Steps } from '@flowline/events';
import {
  ActNorm,
  Autoregressive,
  Chain,
  Coupling,
  ElementWiseAffine,
  LuLinear,
  Permutation,
  Planar,
  Radial,
} from '@flowline/flows';
import type { Bijector, MlpConfig } from '@flowline/flows';

import { luFactors } from './lu.ts';
import { lowerMade } from './made.ts';
import { beside, constantNetwork, lowerMlp, withOutput } from './mlp.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { lowerTransformer } from './transformers.ts';
import { WeightReader } from './weights.ts';
import { parametersOf } from '../plan/plan.ts';
import type { Network } from '../plan/plan.ts';

const lowerAffine = (bijector: ActNorm | ElementWiseAffine, builder: PlanBuilder): void => {
  const { features } = bijector.config;
  const weights = new WeightReader(bijector.variables);
  builder.affine(weights.read('logScale', features).map(Math.exp), weights.read('shift', features));
};

const lowerCoupling = (bijector: Coupling, builder: PlanBuilder): void => {
  const { transformed } = bijector;
  const { context, conditioning, inputClip, networks } = bijector.config;
  const transformer = lowerTransformer(bijector.config.transformer);
  const weights = new WeightReader(bijector.variables);
  const width = transformed.length;
  const mlp = (net: MlpConfig, part: WeightReader, outputs: number): Network =>
    lowerMlp(net, part, { inputs: conditioning.length, context, outputs });
  if (networks.kind === 'convolutional') throw new RangeError('convolutional networks have no lowering');
  const network =
    networks.kind === 'shared'
      ? mlp(networks.net, weights, parametersOf(transformer) * width)
      : beside(mlp(networks.scale, weights.part('scale'), width), mlp(networks.shift, weights.part('shift'), width));
  builder.transform({ conditioning, transformed, inputClip, transformer, network });
};

const lowerAutoregressive = (bijector: Autoregressive, builder: PlanBuilder): void => {
  const { order, context, inputClip, net } = bijector.config;
  const transformer = lowerTransformer(bijector.config.transformer);
  const width = parametersOf(transformer);
  const network = lowerMade({ order, context, outputsPerFeature: width, net }, new WeightReader(bijector.variables));
  builder.transform({ conditioning: order, transformed: order, inputClip, transformer, network });
};

const lowerLuLinear = (bijector: LuLinear, builder: PlanBuilder): void => {
  const { features } = bijector.config;
  const weights = new WeightReader(bijector.variables);
  const { lower, upper, product, logDiagonal } = luFactors(weights.read('factors', features * features), features);
  const shift = weights.read('shift', features);
  if (builder.presence.every((column) => column === null)) {
    builder.linear(product, shift, logDiagonal);
  } else {
    // Two steps, because each factor leaves out missing features and their product cannot.
    builder.linear(upper, new Float64Array(features), logDiagonal);
    builder.linear(lower, shift, new Float64Array(features));
  }
};

const lowerPlanar = (bijector: Planar, builder: PlanBuilder): void => {
  const { features, leastSlope } = bijector.config;
  const network = contextual(bijector, [['w', features], ['u', features], ['b', 1]]); // prettier-ignore
  builder.contextual({ type: 'planar', leastSlope }, network);
};

const lowerRadial = (bijector: Radial, builder: PlanBuilder): void => {
  const { features } = bijector.config;
  const network = contextual(bijector, [['center', features], ['alphaRaw', 1], ['betaRaw', 1]]); // prettier-ignore
  builder.contextual({ type: 'radial' }, network);
};

/**
 * Parameters that a network moves by the context: θ + net(context), with the parts side by side.
 */
const contextual = (
  { config, variables }: Planar | Radial,
  parts: readonly (readonly [name: string, size: number])[],
): Network => {
  const weights = new WeightReader(variables);
  const own = Float64Array.from(parts.flatMap(([name, size]) => [...weights.read(name, size)]));
  if (config.context === 0) return constantNetwork(own);
  const shape = { inputs: config.context, context: 0, outputs: own.length };
  return withOutput(
    lowerMlp(config.net, weights.part('net'), shape),
    (output) => output,
    (output) => at(own, output),
  );
};

/** Lowering of one kind of bijector. */
interface Lowering {
  readonly applies: (bijector: Bijector) => boolean;
  readonly lower: (bijector: Bijector, builder: PlanBuilder) => void;
}

const lowering = <B extends Bijector>(
  kind: abstract new (...args: never[]) => B,
  lower: (bijector: B, builder: PlanBuilder) => void,
): Lowering => ({
  applies: (bijector) => bijector instanceof kind,
  lower: (bijector, builder) => {
    if (bijector instanceof kind) lower(bijector, builder);
  },
});

/** Lowerings, one line per kind of bijector. */
const lowerings: readonly Lowering[] = [
  lowering(ActNorm, lowerAffine),
  lowering(Autoregressive, lowerAutoregressive),
  lowering(Coupling, lowerCoupling),
  lowering(ElementWiseAffine, lowerAffine),
  lowering(LuLinear, lowerLuLinear),
  lowering(Permutation, ({ config }, builder) => builder.permute(config.order)),
  lowering(Planar, lowerPlanar),
  lowering(Radial, lowerRadial),
];

/** Reason in words why a bijector has no lowering. Null if every part of it has one. */
export const missingLowering = (bijector: Bijector): string | null => {
  if (bijector instanceof Chain) return bijector.parts.map(missingLowering).find((reason) => reason !== null) ?? null;
  if (bijector.forwardCost !== undefined && bijector.forwardCost !== 'parallel') {
    return `the density of the bijector ${bijector.config.type} is ${bijector.forwardCost}, which has no compiled form`;
  }
  if (bijector instanceof Coupling && bijector.config.networks.kind === 'convolutional') {
    return 'the bijector coupling has no compiled form with convolutional networks';
  }
  if (lowerings.some(({ applies }) => applies(bijector))) return null;
  return `the bijector ${bijector.config.type} has no compiled form`;
};

/**
 * Adds a bijector to a plan. Check with {@link missingLowering} first that every part of it has a
 * lowering.
 */
export function* lowerBijector(bijector: Bijector, builder: PlanBuilder): Steps<void> {
  if (bijector instanceof Chain) {
    for (const part of bijector.parts) yield* lowerBijector(part, builder);
    return;
  }
  const found = lowerings.find(({ applies }) => applies(bijector));
  if (found === undefined) throw new RangeError(`the bijector ${bijector.config.type} has no lowering`);
  found.lower(bijector, builder);
  yield;
}
