import type { Plan } from '../plan.ts';

/** logScale − ½ log 2π per dimension: added up for the dimensions that are always observed, by dimension for the rest. */
export const densityConstants = (plan: Plan): { always: number; whenObserved: readonly number[] } => {
  const each = Array.from(plan.logScale, (logScale) => logScale - 0.5 * Math.log(2 * Math.PI));
  const always = each.reduce((sum, constant, i) => (plan.presence[i] === null ? sum + constant : sum), 0);
  return { always, whenObserved: each };
};
