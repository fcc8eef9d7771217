import type { Flow } from '@flowline/flows';

import { flowLowering } from './lower/flow.ts';
import type { Plan } from './plan.ts';
import { inSlices } from './slices.ts';

/** A flow that does not change any more: it is lowered once, on however many backends it is tried and by however many scorers it is used. */
export class FrozenFlow {
  readonly flow: Flow;
  #plan: Promise<Plan> | null = null;

  constructor(flow: Flow) {
    this.flow = flow;
  }

  /** Its plan, made in slices between which the event loop has its turn. Rejects with what {@link lowerFlow} throws. */
  plan(): Promise<Plan> {
    this.#plan ??= inSlices(flowLowering(this.flow));
    return this.#plan;
  }
}

/** Flows as they are now; those that are frozen already stay what they are. */
export const frozen = (flows: readonly (Flow | FrozenFlow)[]): readonly FrozenFlow[] =>
  flows.map((flow) => (flow instanceof FrozenFlow ? flow : new FrozenFlow(flow)));
