import type { FitOptions, Flow } from '@flowline/flows';
import { glow, iaf, maf, multiScale, naf, neuralSpline, overPixels, planar, radial, realNVP } from '@flowline/flows';

import type { DensityData } from './data.ts';
import { fittedBase } from './fitted-base.ts';

export const familyNames = [
  'realNVP',
  'maf',
  'neuralSpline',
  'glow',
  'iaf',
  'naf',
  'planar',
  'radial',
  'multiScale',
] as const;

export type FamilyName = (typeof familyNames)[number];

/** Families whose layers use the neighbourhood of pixels. */
const imageFamilies: ReadonlySet<FamilyName> = new Set<FamilyName>(['multiScale']);

export const defaultFamilies: readonly FamilyName[] = ['realNVP', 'maf', 'neuralSpline'];

/** A flow to train, with its deviations from the shared protocol. */
export interface DensityModel {
  make(seed: number): Flow;
  readonly options: Pick<
    FitOptions,
    'learningRate' | 'finalLearningRateFraction' | 'weightDecay' | 'averaging' | 'clipNorm'
  >;
  /** Share of the steps over which the learning rate warms up. */
  readonly warmupShare: number;
  /**
   * Share of the data set's steps that the flow gets: 1, except where its steps are far more
   * expensive than those of the others.
   */
  readonly stepShare: number;
}

/** A peer's flow of the same family and size. */
export interface PeerModel {
  readonly library: 'zuko' | 'nflows';
  readonly family: FamilyName;
  readonly layers: number;
  readonly hidden: readonly number[];
  /** For spline flows. */
  readonly bins?: number;
}

/** Widths and depths for a data set, the same as for the PyTorch figures. */
function sizes({ name, kind }: DensityData) {
  const hidden = kind === 'toy' ? [64, 64] : kind === 'image' ? [128, 128] : [100, 100];
  const isImage = kind === 'image';
  return {
    realNVP: { layers: name === 'power_2007h1' ? 10 : 8, hidden },
    maf: { layers: 5, hidden },
    neuralSpline: { layers: isImage ? 3 : 5, hidden: [64, 64], bins: isImage ? 4 : 8 },
    naf: { layers: isImage ? 1 : 2, hidden: [64, 64] },
  };
}

/**
 * Our model of a family for a data set. It has no more parameters than its PyTorch counterpart,
 * except for ActNorm and linear maps of few features.
 */
export function modelOf(family: FamilyName, data: DensityData): DensityModel {
  const { kind, features, values } = data;
  const make = buildersOf(data)[family];
  return {
    make: kind === 'image' ? (seed) => overPixels(make(seed), values) : make,
    ...scheduleOf(kind),
    // The density of an IAF takes one pass per layer and feature: a step with 64 pixels costs as
    // much as six with ten features.
    stepShare: family === 'iaf' ? Math.min(1, 10 / features) : 1,
  };
}

/** Builders of our flows for a data set, by family. */
function buildersOf(data: DensityData): Readonly<Record<FamilyName, (seed: number) => Flow>> {
  const { kind, features } = data;
  const size = sizes(data);
  const isImage = kind === 'image';
  const spreadUnits = kind === 'toy';
  const based = (seed: number) => (kind === 'toy' ? { base: fittedBase(data, seed) } : {});
  // A linear map of 64 features has 4,160 parameters; narrower networks compensate.
  const narrowed = (hidden: readonly number[], by = 16) => (isImage ? hidden.map((width) => width - by) : hidden);
  const residual = <T extends { readonly hidden: readonly number[] }>(of: T, seed: number) => ({
    ...{ features, residual: true, spreadUnits, ...based(seed), seed, ...of },
    hidden: narrowed(of.hidden),
  });
  return {
    realNVP: (seed) => realNVP({ ...residual(size.realNVP, seed), partition: 'learned' }),
    maf: (seed) => maf({ ...residual(size.maf, seed), mixing: true }),
    neuralSpline: (seed) =>
      neuralSpline({
        ...residual(size.neuralSpline, seed),
        // Fewer, deeper networks learn the edges of toys sooner.
        ...(kind === 'toy' ? { layers: 3, hidden: [64, 64, 64] } : { hidden: narrowed(size.neuralSpline.hidden, 6) }),
        conditioning: 'autoregressive',
        // Puts more bins where ActNorm places toy data, which has no long tails.
        tailBound: kind === 'toy' ? 3 : 5,
        partition: 'learned',
      }),
    glow: (seed) => glow({ features, ...size.realNVP, hidden: narrowed(size.realNVP.hidden), residual: true, seed }),
    iaf: (seed) => iaf({ features, layers: 2, hidden: size.maf.hidden, residual: true, mixing: true, seed }),
    naf: (seed) => naf({ features, ...size.naf, seed }),
    planar: (seed) => planar({ features, layers: 32, seed }),
    radial: (seed) => radial({ features, layers: 32, seed }),
    multiScale: (seed) =>
      multiScale({ height: Math.sqrt(features), width: Math.sqrt(features), channels: 1, hidden: [32, 32], seed }),
  };
}

/** Training schedule for a kind of data. */
function scheduleOf(kind: DensityData['kind']): Pick<DensityModel, 'options' | 'warmupShare'> {
  const averaging = 0.998;
  if (kind !== 'toy') {
    const isImage = kind === 'image';
    return {
      options: { learningRate: isImage ? 1e-3 : 2e-3, weightDecay: isImage ? 0.3 : 0.05, averaging },
      warmupShare: 0,
    };
  }
  // Large steps learn edges. Gradient clipping and a warm-up make them safe, and a cosine decay to
  // 0 undoes their overfitting.
  return { options: { learningRate: 4e-3, averaging, clipNorm: 1 }, warmupShare: 0.1 };
}

/** Families of a run that apply to a data set. */
export function familiesOf(families: readonly FamilyName[], { kind }: DensityData): readonly FamilyName[] {
  return kind === 'image' ? families : families.filter((family) => !imageFamilies.has(family));
}

/** Peers of a family on a data set. */
export function peersOf(family: FamilyName, data: DensityData): readonly PeerModel[] {
  const size = sizes(data);
  if (family === 'realNVP' || family === 'maf') {
    const libraries = ['zuko', 'nflows'] as const;
    return libraries.map((library) => ({ library, family, bins: 8, ...size[family] }));
  }
  if (family === 'neuralSpline' || family === 'naf') return [{ library: 'zuko', family, bins: 8, ...size[family] }];
  return [];
}
