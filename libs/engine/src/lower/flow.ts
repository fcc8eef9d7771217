import { atOnce, FlowlineError, type Steps } from '@flowline/events';
import type { Flow } from '@flowline/flows';

import { isLoweredBase, lowerBase } from './base.ts';
import { lowerBijector, missingLowering } from './bijectors.ts';
import { PlanBuilder } from './plan-builder.ts';
import type { Plan } from '../plan/plan.ts';

/** Reason in words why a flow has no lowering. Null if the whole flow has one. */
export const whyNotLowered = ({ base, bijector }: Flow): string | null =>
  isLoweredBase(base) ? missingLowering(bijector) : `the base distribution ${base.config.type} has no compiled form`;

/**
 * Lowers a flow with its current weights to a plan. Throws FLOWLINE_BACKEND_UNAVAILABLE if a part
 * of it has no lowering; such a flow scores through tfjs.
 */
export const lowerFlow = (flow: Flow): Plan => atOnce(flowLowering(flow));

/** {@link lowerFlow} in parts. */
export function* flowLowering(flow: Flow): Steps<Plan> {
  const reason = whyNotLowered(flow);
  if (reason !== null) {
    throw new FlowlineError('FLOWLINE_BACKEND_UNAVAILABLE', reason, {
      where: 'lowerFlow',
      remedy: "Score this family with the backend 'tfjs-wasm'.",
    });
  }
  const builder = new PlanBuilder(flow.features, flow.context, flow.presence);
  yield* lowerBijector(flow.bijector, builder);
  return builder.build(lowerBase(flow.base, builder));
}
