import type { ContextualMap } from './contextual-map.ts';
import { planarMap } from './planar.ts';
import { radialMap } from './radial.ts';
import type { ContextualStep } from '../plan/plan.ts';

/** Map of a contextual step, one line per type. */
export const contextualMap = (step: ContextualStep): ContextualMap => {
  switch (step.type) {
    case 'planar':
      return planarMap(step);
    case 'radial':
      return radialMap();
  }
};
