import * as tf from '@tensorflow/tfjs-core';

import type { NamedVariables } from '../parameter.ts';
import { Parameter, prefixed } from '../parameter.ts';
import type { Random } from '../random.ts';
import type { MlpConfig } from './mlp.ts';
import { Mlp } from './mlp.ts';

/**
 * Parameters of a bijector without a conditioner: θ, or θ + net(context) if there is a context,
 * where the network is zero initially. Each named part is one parameter [size]. The network's
 * parameters are under `net/`, and its outputs are the parts in order.
 */
export class ContextualParameters<Name extends string> {
  readonly variables: NamedVariables;
  readonly #parts: readonly { readonly name: Name; readonly parameter: Parameter<tf.Rank.R1> }[];
  readonly #net: Mlp | undefined;

  constructor(initial: Readonly<Record<Name, Float32Array>>, context: number, net: MlpConfig, random: Random) {
    this.#parts = names(initial).map((name) => {
      return { name, parameter: new Parameter<tf.Rank.R1>([initial[name].length], initial[name]) };
    });
    const outputs = this.#parts.reduce((sum, { parameter }) => sum + parameter.size, 0);
    this.#net = context > 0 ? new Mlp(context, 0, outputs, net, random) : undefined;
    this.variables = new Map([
      ...this.#parts.map(({ name, parameter }): [string, Parameter] => [name, parameter]),
      ...(this.#net === undefined ? [] : prefixed('net', this.#net.variables)),
    ]);
  }

  /** Each part as [1 × size], or as [n × size] with a context [n × c]. */
  at(context?: tf.Tensor2D): Readonly<Record<Name, tf.Tensor2D>> {
    const outputs = context === undefined ? undefined : this.#net?.apply(context);
    let from = 0;
    const entries = this.#parts.map(({ name, parameter }): [Name, tf.Tensor2D] => {
      const base = tf.reshape<tf.Rank.R2>(parameter.value, [1, parameter.size]);
      const begin = from;
      from += parameter.size;
      if (outputs === undefined) return [name, base];
      return [name, tf.add(base, tf.slice(outputs, [0, begin], [-1, parameter.size]))];
    });
    return record(entries);
  }

  dispose(): void {
    for (const { parameter } of this.#parts) parameter.dispose();
    this.#net?.dispose();
  }
}

function names<Name extends string>(values: Readonly<Record<Name, unknown>>): Name[] {
  const isName = (key: string): key is Name => key in values;
  return Object.keys(values).filter(isName);
}

function record<Name extends string, T>(entries: readonly [Name, T][]): Record<Name, T>;
function record(entries: readonly [string, unknown][]): Record<string, unknown> {
  return Object.fromEntries(entries);
}
