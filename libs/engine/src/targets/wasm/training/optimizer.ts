import { ADAM } from '@flowline/flows';

import type { TrainingEmission } from './emission.ts';
import { settings } from './memory.ts';
import type { TrainingMemory } from './memory.ts';
import { f32x4, i32, v128 } from '../assembly/expression.ts';
import type { V128 } from '../assembly/expression.ts';
import type { FunctionReference } from '../assembly/function-builder.ts';
import { acrossLanes } from '../lanes.ts';
import { VECTOR_BYTES } from '../layout.ts';

const FLOAT_BYTES = 4;

/** Floats of the parameter vector that a thread reduces or updates at once. */
export const BLOCK_FLOATS = 1024;

/**
 * Adds the gradients of the shards, in order, into the first, leaves out what is no parameter, and
 * writes the sum of squares. Parameters: begin and end in bytes, number of shards, address of the
 * sum.
 */
export const defineReduce = ({ module, math }: TrainingEmission, memory: TrainingMemory): FunctionReference =>
  module.define('reduce', 4, (f) => {
    const offset = f.let(f.parameter(0));
    const squares = f.let(f32x4.constant(0));
    const shard = f.local('i32');
    const end = f.let(i32.mul(f.parameter(2), i32.constant(memory.vectorBytes)));
    f.doWhile(
      () => {
        const sum = f.let(v128.load(offset, memory.shards));
        f.set(shard, i32.constant(memory.vectorBytes));
        f.while(
          () => i32.ltU(shard, end),
          () => {
            f.set(sum, f32x4.add(sum, v128.load(i32.add(offset, shard), memory.shards)));
            f.advance(shard, memory.vectorBytes);
          },
        );
        f.set(sum, f32x4.mul(sum, v128.load(offset, memory.trained)));
        f.store(offset, sum, memory.shards);
        f.set(squares, math.multiplyAdd(sum, sum, squares));
        f.advance(offset, VECTOR_BYTES);
      },
      () => i32.ltU(offset, f.parameter(1)),
    );
    f.storeFloat(f.parameter(3), acrossLanes(squares));
  });

/**
 * One step of Adam with decoupled weight decay, and of the averaged weights. Parameters: begin and
 * end in bytes.
 */
export const defineUpdate = ({ module, math }: TrainingEmission, memory: TrainingMemory): FunctionReference =>
  module.define('update', 2, (f) => {
    const offset = f.let(f.parameter(0));
    const zero = i32.constant(0);
    const setting = (name: (typeof settings)[number]): V128 =>
      f.let(v128.loadSplat(zero, memory.settings + settings.indexOf(name) * FLOAT_BYTES));
    const [scale, firstRate, secondCorrection] = [setting('scale'), setting('firstRate'), setting('secondCorrection')];
    const [shrink, share] = [setting('shrink'), setting('averagingShare')];
    const moment = (address: number, beta: number, value: V128): V128 => {
      const decayed = f32x4.mul(v128.load(offset, address), f32x4.constant(beta));
      return f.let(math.multiplyAdd(value, f32x4.constant(1 - beta), decayed));
    };
    f.doWhile(
      () => {
        const g = f.let(f32x4.mul(v128.load(offset, memory.shards), scale));
        const first = moment(memory.first, ADAM.beta1, g);
        const second = moment(memory.second, ADAM.beta2, f32x4.mul(g, g));
        f.store(offset, first, memory.first);
        f.store(offset, second, memory.second);
        const value = f.let(v128.load(offset, memory.values));
        const size = f32x4.add(f32x4.sqrt(f32x4.mul(second, secondCorrection)), f32x4.constant(ADAM.epsilon));
        const shrunk = f32x4.mul(f32x4.mul(value, shrink), v128.load(offset, memory.decay));
        const next = f.let(f32x4.sub(f32x4.sub(value, shrunk), f32x4.div(f32x4.mul(firstRate, first), size)));
        f.store(offset, next, memory.values);
        const mean = f.let(v128.load(offset, memory.averaged));
        f.store(offset, math.multiplyAdd(f32x4.sub(next, mean), share, mean), memory.averaged);
        f.advance(offset, VECTOR_BYTES);
      },
      () => i32.ltU(offset, f.parameter(1)),
    );
  });
