import type { ContextualMap } from './contextual-map.ts';
import { planarMap } from './planar.ts';
import type { PlanarOptions } from './planar.ts';
import { radialMap } from './radial.ts';
import type { RadialOptions } from './radial.ts';

/** Type and options of a contextual step. */
export type ContextualMapOptions = PlanarOptions | RadialOptions;

/** Map of a contextual step, one line per type. */
export const contextualMap = (options: ContextualMapOptions): ContextualMap => {
  switch (options.type) {
    case 'planar':
      return planarMap(options);
    case 'radial':
      return radialMap();
  }
};
