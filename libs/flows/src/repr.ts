import type { BijectorConfig } from './bijector.ts';

/** Maps that only move, scale or mix what the layers of a flow see. */
const BETWEEN_LAYERS: readonly string[] = [
  'actNorm',
  'elementWiseAffine',
  'luLinear',
  'perPixel',
  'permutation',
  'pixelLogit',
  'squeeze',
];

/** What a flow's line says of it. */
export interface Described {
  readonly family: string;
  readonly features: number;
  readonly context: number;
  readonly bijector: BijectorConfig;
  readonly parameters: number;
}

/** A flow in one line, e.g. `Flow(realNVP, 2 features, 4 layers, 4,760 parameters)`. */
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

/** The number of couplings, autoregressive, planar and radial maps, and maps of other kinds, within a bijector. */
function layersOf(config: BijectorConfig): number {
  const inner = 'bijectors' in config ? config.bijectors : 'bijector' in config ? [config.bijector] : [];
  if (BETWEEN_LAYERS.includes(config.type)) return 0;
  if (!Array.isArray(inner) || !['chain', 'split', 'inverted'].includes(config.type)) return 1;
  return inner.reduce<number>((sum, part: BijectorConfig) => sum + layersOf(part), 0);
}

/** Thousands are set apart by commas whatever the locale is. */
const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
