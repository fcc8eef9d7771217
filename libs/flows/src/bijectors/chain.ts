import * as tf from '@tensorflow/tfjs-core';

import { at } from '../at.ts';
import type { Bijector, BijectorConfig, BijectorFactory, InverseCost } from '../bijector.ts';
import { ConfigReader } from '../config.ts';
import type { NamedVariables } from '../parameter.ts';
import { prefixed } from '../parameter.ts';
import { checkValue } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { listOf } from '../options/rules.ts';

const costs: readonly InverseCost[] = ['parallel', 'sequential', 'iterative'];

/** Configuration of a {@link Chain}. */
export interface ChainConfig extends BijectorConfig {
  readonly type: 'chain';
  readonly bijectors: readonly BijectorConfig[];
}

/**
 * Composition of bijectors: z = f_K(… f_1(x)); log|det| is the sum over the parts, and the inverse
 * runs them in reverse. The parameters of part k are named `<type><k>/…`.
 */
export class Chain implements Bijector {
  readonly inverseCost: InverseCost;
  readonly forwardCost: InverseCost;
  readonly dependsOnData: boolean;
  readonly variables: NamedVariables;
  readonly #parts: readonly Bijector[];

  constructor(parts: readonly Bijector[]) {
    checkValue('chain.parts', parts, listOf('Bijectors', rules.bijector));
    this.#parts = parts;
    this.inverseCost = largest(parts.map((part) => part.inverseCost));
    this.forwardCost = largest(parts.map((part) => part.forwardCost ?? 'parallel'));
    this.dependsOnData = parts.some((part) => part.initialize !== undefined && part.dependsOnData !== false);
    this.variables = new Map(parts.flatMap((part, k) => prefixed(`${part.config.type}${k}`, part.variables)));
  }

  /** Builds one, with its parts, from its JSON configuration. */
  static readonly fromConfig: BijectorFactory = (json, random, build) =>
    new Chain(new ConfigReader(json, 'chain').list('bijectors').map((part) => build(part, random)));

  get config(): ChainConfig {
    return { type: 'chain', bijectors: this.#parts.map((part) => part.config) };
  }

  /** Parts, in forward order. */
  get parts(): readonly Bijector[] {
    return this.#parts;
  }

  forwardAndLogDet(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      let z = x;
      let mask = observed;
      let total: tf.Tensor1D | undefined;
      for (const part of this.#parts) {
        const [next, logDet] = part.forwardAndLogDet(z, context, mask);
        z = next;
        total = total === undefined ? logDet : tf.add(total, logDet);
        mask = moved(part, mask);
      }
      return [z, total ?? tf.zeros<tf.Rank.R1>([x.shape[0]])];
    });
  }

  inverseAndLogDet(z: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const masks = [observed];
      for (const part of this.#parts) masks.push(moved(part, masks.at(-1)));
      let x = z;
      let total: tf.Tensor1D | undefined;
      for (const [k, part] of [...this.#parts.entries()].reverse()) {
        const [next, logDet] = part.inverseAndLogDet(x, context, masks[k]);
        x = next;
        total = total === undefined ? logDet : tf.add(total, logDet);
      }
      return [x, total ?? tf.zeros<tf.Rank.R1>([z.shape[0]])];
    });
  }

  moveObserved(observed: tf.Tensor2D): tf.Tensor2D {
    return this.#parts.reduce((mask, part) => part.moveObserved?.(mask) ?? mask, observed);
  }

  initialize(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => {
      let z = x;
      let mask = observed;
      for (const part of this.#parts) {
        z = part.initialize?.(z, context, mask) ?? part.forwardAndLogDet(z, context, mask)[0];
        mask = moved(part, mask);
      }
      return z;
    });
  }

  dispose(): void {
    for (const part of this.#parts) part.dispose();
  }
}

const largest = (parts: readonly InverseCost[]): InverseCost =>
  at(costs, Math.max(0, ...parts.map((cost) => costs.indexOf(cost))));

const moved = (part: Bijector, mask: tf.Tensor2D | undefined): tf.Tensor2D | undefined =>
  mask === undefined ? undefined : (part.moveObserved?.(mask) ?? mask);
