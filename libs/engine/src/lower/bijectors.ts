import type { Steps } from '@flowline/events';
import {
  ActNorm,
  Autoregressive,
  Chain,
  Coupling,
  ElementWiseAffine,
  LuLinear,
  Permutation,
  PixelLogit,
  Planar,
  Radial,
} from '@flowline/flows';
import type { Bijector, MlpConfig } from '@flowline/flows';

import { lowerMade } from './made.ts';
import { beside, lowerMlp } from './mlp.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { lowerTransformer } from './transformers.ts';
import type { Weights } from './weights.ts';
import { parametersOf } from '../plan/plan.ts';
import type { Network } from '../plan/plan.ts';
import type { ContextualMapOptions } from '../steps/contextual.ts';

const lowerAffine = (bijector: ActNorm | ElementWiseAffine, builder: PlanBuilder): void => {
  const { features } = bijector.config;
  const weights = builder.weights(bijector.variables);
  builder.elementWise(weights.read('logScale', features), weights.read('shift', features));
};

const lowerCoupling = (bijector: Coupling, builder: PlanBuilder): void => {
  const { transformed } = bijector;
  const { context, conditioning, inputClip, networks } = bijector.config;
  const transformer = lowerTransformer(bijector.config.transformer);
  const weights = builder.weights(bijector.variables);
  const width = transformed.length;
  const mlp = (net: MlpConfig, part: Weights, outputs: number): Network =>
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
  const network = lowerMade({ order, context, outputsPerFeature: width, net }, builder.weights(bijector.variables));
  builder.transform({ conditioning: order, transformed: order, inputClip, transformer, network });
};

const lowerLuLinear = (bijector: LuLinear, builder: PlanBuilder): void => {
  const { features } = bijector.config;
  const weights = builder.weights(bijector.variables);
  builder.lu(weights.read('factors', features * features), weights.read('shift', features));
};

const lowerPlanar = (bijector: Planar, builder: PlanBuilder): void => {
  const { features, leastSlope } = bijector.config;
  lowerContextual({ type: 'planar', leastSlope }, bijector, builder, [['w', features], ['u', features], ['b', 1]]); // prettier-ignore
};

const lowerRadial = (bijector: Radial, builder: PlanBuilder): void => {
  const { features } = bijector.config;
  lowerContextual({ type: 'radial' }, bijector, builder, [['center', features], ['alphaRaw', 1], ['betaRaw', 1]]); // prettier-ignore
};

/**
 * Lowers a map whose parameters a network moves by the context: θ + net(context), with the parts
 * side by side.
 */
const lowerContextual = (
  options: ContextualMapOptions,
  { config, variables }: Planar | Radial,
  builder: PlanBuilder,
  parts: readonly (readonly [name: string, size: number])[],
): void => {
  const weights = builder.weights(variables);
  const own = Float64Array.from(parts.flatMap(([name, size]) => [...weights.read(name, size)]));
  const shape = { inputs: config.context, context: 0, outputs: own.length };
  const moved = config.context === 0 ? null : lowerMlp(config.net, weights.part('net'), shape);
  builder.movedContextual(options, own, moved);
};

const lowerPixelLogit = ({ config }: PixelLogit, builder: PlanBuilder): void => {
  const { values, margin } = config;
  builder.transform({
    conditioning: [],
    transformed: Array.from({ length: builder.features }, (_, i) => i),
    inputClip: null,
    transformer: { type: 'pixelLogit', values, margin },
    network: { inputs: builder.context, layers: [], outputs: [] },
  });
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
  lowering(PixelLogit, lowerPixelLogit),
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
