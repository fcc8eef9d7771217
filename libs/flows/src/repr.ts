import type { BijectorConfig } from './bijector.ts';

/** Bijectors that only move, scale or mix features between the layers of a flow. */
const BETWEEN_LAYERS: readonly string[] = [
  'actNorm',
  'elementWiseAffine',
  'luLinear',
  'perPixel',
  'permutation',
  'pixelLogit',
  'squeeze',
];

/** Contents of a flow's one-line description. */
export interface Described {
  readonly family: string;
  readonly features: number;
  readonly context: number;
  readonly bijector: BijectorConfig;
  readonly parameters: number;
}

/** One-line description of a flow, e.g. `Flow(realNVP, 2 features, 4 layers, 4,760 parameters)`. */
export function describe({ family, features, context, bijector, parameters }: Described): string {
  const parts = [
    family,
    counted(features, 'feature'),
    ...(context > 0 ? [counted(context, 'context column')] : []),
    counted(layersOf(bijector), 'layer'),
    counted(parameters, 'parameter'),
  ];
  return `Flow(${parts.join(', ')})`;
}

/**
 * Number of layers in a bijector: couplings, autoregressive, planar and radial maps, and maps of
 * other kinds.
 */
function layersOf(config: BijectorConfig): number {
  const inner = 'bijectors' in config ? config.bijectors : 'bijector' in config ? [config.bijector] : [];
  if (BETWEEN_LAYERS.includes(config.type)) return 0;
  if (!Array.isArray(inner) || !['chain', 'split', 'inverted'].includes(config.type)) return 1;
  return inner.reduce<number>((sum, part: BijectorConfig) => sum + layersOf(part), 0);
}

/** Commas separate thousands in every locale. */
const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
