import { at } from '@flowline/events';

/** ∂L/∂ the parameters of a flow. Reverse passes of rows add to it. */
export class ParameterGradient {
  /** [parameters], in the order of `flow.variables`. */
  readonly values: Float64Array;

  constructor(parameters: number) {
    this.values = new Float64Array(parameters);
  }

  /** Adds to the parameter of a place (see TrainingPlan). Place 0 has none. */
  add(place: number, amount: number): void {
    if (place > 0) this.values[place - 1] = at(this.values, place - 1) + amount;
  }
}

/** Part of the places of a training plan, and the gradient that its derivatives are added to. */
export interface GradientOf<Part> {
  readonly places: Part;
  readonly gradient: ParameterGradient;
}
