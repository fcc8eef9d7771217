import type { Flow } from '@flowline/flows';

import { flowLowering } from './lower/flow.ts';
import type { Plan } from './plan/plan.ts';
import { inSlices } from './slices.ts';

/**
 * Flow that no longer changes. It is lowered once, for all backends that try it and all scorers
 * that use it.
 */
export class FrozenFlow {
  readonly flow: Flow;
  #plan: Promise<Plan> | null = null;

  constructor(flow: Flow) {
    this.flow = flow;
  }

  /**
   * Plan of the flow, made in slices that yield to the event loop. Rejects with the errors of
   * {@link lowerFlow}.
   */
  plan(): Promise<Plan> {
    this.#plan ??= inSlices(flowLowering(this.flow));
    return this.#plan;
  }
}

/** Freezes flows with their current weights. Frozen flows are returned unchanged. */
export const frozen = (flows: readonly (Flow | FrozenFlow)[]): readonly FrozenFlow[] =>
  flows.map((flow) => (flow instanceof FrozenFlow ? flow : new FrozenFlow(flow)));
