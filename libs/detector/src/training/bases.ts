import { type Distribution, GaussianMixture, Random, StudentT } from '@flowline/flows';

/** Base distribution of flows as a definition names it, alone or with its parameter. */
export type ModelBase =
  'normal' | 'mixture' | 'studentT' | { readonly mixture: number } | { readonly studentT: number };

/** Base distribution of a flow, with its parameters. */
export type FlowBase =
  | { readonly type: 'normal' }
  | {
      readonly type: 'mixture';
      /** Null: validation rows choose it. */
      readonly components: number | null;
    }
  | { readonly type: 'studentT'; readonly degreesOfFreedom: number };

/** The standard normal, without parameters. */
export const NORMAL: FlowBase = { type: 'normal' };

/** Degrees of freedom of a Student t base: tails that are heavy, with a finite variance. */
const DEGREES_OF_FREEDOM = 5;

/** Base distribution with the parameters that its name leaves open. */
export function flowBase(base: ModelBase): FlowBase {
  if (typeof base === 'object') {
    return 'mixture' in base
      ? { type: 'mixture', components: base.mixture }
      : { type: 'studentT', degreesOfFreedom: base.studentT };
  }
  if (base === 'mixture') return { type: 'mixture', components: null };
  return base === 'studentT' ? { type: 'studentT', degreesOfFreedom: DEGREES_OF_FREEDOM } : NORMAL;
}

/** Numbers of components that are compared on validation rows. */
const COMPONENTS = [2, 4, 8, 16] as const;
/**
 * Numbers of components that are compared for a mixture of so many training rows, at least one.
 * @param least fewest rows per component.
 */
export const componentCounts = (rows: number, least: number): readonly [number, ...number[]] => [
  1,
  ...COMPONENTS.filter((count) => count * least <= rows),
];

/**
 * Untrained base distribution; null for the standard normal, which a flow has by default. A mixture
 * has means that are drawn: to start where the rows are, it is fitted instead.
 */
export function initialBase(base: FlowBase, features: number, seed: number): Distribution | null {
  switch (base.type) {
    case 'normal':
      return null;
    case 'mixture':
      return new GaussianMixture(
        { type: 'gaussianMixture', features, components: base.components ?? COMPONENTS[0] },
        new Random(seed).fork('base'),
      );
    case 'studentT':
      return new StudentT({ type: 'studentT', features, degreesOfFreedom: base.degreesOfFreedom });
  }
}
