import { FlowlineError } from '@flowline/events';
import type { NamedVariables } from '@flowline/flows';

import { allFinite } from '../all-finite.ts';

/** Parameters of one part of a flow, by name. */
export interface Weights {
  /** Parameters of a subpart. */
  part(name: string): Weights;
  /** `size` numbers that stand for a parameter, row-major. */
  read(name: string, size: number): Float64Array;
}

/** Reads the values of the parameters of one part of a flow. */
export class WeightReader implements Weights {
  readonly #variables: NamedVariables;
  readonly #prefix: string;

  constructor(variables: NamedVariables, prefix = '') {
    this.#variables = variables;
    this.#prefix = prefix;
  }

  part(name: string): WeightReader {
    return new WeightReader(this.#variables, `${this.#prefix}${name}/`);
  }

  /**
   * Values of a parameter, row-major. Throws FLOWLINE_MODEL_INCOMPATIBLE unless it exists and has
   * `size` finite values.
   */
  read(name: string, size: number): Float64Array {
    const where = this.#prefix + name;
    const parameter = this.#variables.get(where);
    const values = new Float64Array(parameter?.read() ?? []);
    if (parameter !== undefined && values.length === size && allFinite(values)) return values;
    const found = parameter === undefined ? 'no such parameter' : `${values.length} values, or not all finite`;
    throw new FlowlineError('FLOWLINE_MODEL_INCOMPATIBLE', `found ${found}, expected ${size} finite values`, {
      where,
      remedy: 'Load the model with the release that wrote it, or train it again.',
    });
  }
}
