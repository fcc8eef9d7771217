import { missing } from '@flowline/events';
import { activate } from './activation.ts';
import { compact, defineCompactionTable } from './compaction.ts';
import { place } from './emission.ts';
import type { Emission } from './emission.ts';
import { i32, v128 } from './assembly/expression.ts';
import type { I32, Local } from './assembly/expression.ts';
import type { FunctionBuilder, FunctionReference } from './assembly/function-builder.ts';
import { VECTOR_BYTES } from './layout.ts';
import type { Activation, DenseLayer } from '../../plan/plan.ts';

const FLOAT_BYTES = 4;
const LANES = 4;
/**
 * Output vectors accumulated at once. Seven sums, their weights (V8 reads all of them first) and
 * the input fill the 15 registers that V8 allocates. With eight it spills, at three quarters of the
 * speed.
 */
const BLOCK_VECTORS = 7;

/** Run of adjacent inputs. */
export interface Run {
  /** In floats from the address of the input. */
  readonly offset: number;
  readonly length: number;
  /** True if most inputs are zero, and are left out. */
  readonly isSparse?: true;
}

/**
 * Shape of a dense layer of a single row; it identifies the kernel that runs it. Lanes are outputs.
 */
export interface SingleShape {
  /** Runs of adjacent inputs, in the order in which they are added. */
  readonly runs: readonly Run[];
  /** Number of output vectors. */
  readonly vectors: number;
  readonly activation: Activation;
  /** True if the input is a list of nonzero values (see compaction.ts). */
  readonly listIn: boolean;
  /** True if the output is also written as such a list. */
  readonly listOut: boolean;
}

/**
 * Kernel of a dense layer of a single row. It adds in the order of the inputs, as the tile kernel
 * does, and skips only zeros, so both give the same bits. Parameters: weights, input (or its list),
 * output, list of the output.
 */
export const defineDenseSingle = (emission: Emission, shape: SingleShape): FunctionReference => {
  const { module, math } = emission;
  const shuffles = shape.listOut ? defineCompactionTable(emission) : 0;
  return module.define(`denseSingle ${JSON.stringify(shape)}`, 4, (f) => {
    const [weights, input, output, list] = [f.parameter(0), f.parameter(1), f.parameter(2), f.parameter(3)];
    const inputs = shape.runs.reduce((total, run) => total + run.length, 0);
    const listed = f.let(i32.constant(0));
    const at = f.local('i32');
    const weight = f.local('i32');
    let blockOffset = 0;
    let vector = 0;
    for (const width of blockWidths(shape.vectors)) {
      const rowBytes = width * VECTOR_BYTES;
      const sums = Array.from({ length: width }, (_, v) => f.let(v128.load(weights, blockOffset + v * VECTOR_BYTES)));
      const accumulate = (value: I32, valueOffset: number, row: I32, rowOffset: number): void => {
        const factor = f.let(v128.loadSplat(value, valueOffset));
        sums.forEach((sum, v) => {
          f.set(sum, math.multiplyAdd(v128.load(row, rowOffset + v * VECTOR_BYTES), factor, sum));
        });
      };
      f.set(weight, i32.add(weights, i32.constant(blockOffset + rowBytes)));
      if (shape.listIn) {
        overList(f, input, at, (indexAddress) => {
          const row = f.let(i32.add(weight, i32.mul(i32.load(indexAddress, listIndices(inputs)), i32.constant(width))));
          accumulate(indexAddress, LIST_VALUES, row, 0);
        });
      } else {
        for (const run of shape.runs) overRun(f, input, run, at, weight, rowBytes, accumulate);
      }
      for (const [v, sum] of sums.entries()) {
        const offset = (vector + v) * VECTOR_BYTES;
        const value = f.let(activate(f, math, shape.activation, sum));
        f.store(output, value, offset);
        if (shape.listOut)
          compact(f, value, (vector + v) * LANES, list, listIndices(shape.vectors * LANES), listed, shuffles);
      }
      vector += width;
      blockOffset += (inputs + 1) * rowBytes;
    }
    if (shape.listOut) f.storeInt(list, listed);
  });
};

/**
 * List of nonzero values: the length of the values in bytes, the values, and for each one the
 * offset of its weights.
 */
const LIST_VALUES = VECTOR_BYTES;
export const listIndices = (width: number): number =>
  LIST_VALUES + Math.ceil(width / LANES) * VECTOR_BYTES + VECTOR_BYTES;
export const listBytes = (width: number): number => 2 * listIndices(width);

const overList = (f: FunctionBuilder, list: I32, at: Local<'i32'>, body: (address: I32) => void): void => {
  const end = f.let(i32.add(list, i32.load(list)));
  f.set(at, list);
  f.while(
    () => i32.ltU(at, end),
    () => {
      body(at);
      f.advance(at, FLOAT_BYTES);
    },
  );
};

/** Shorter runs are unrolled. */
const UNROLLED_INPUTS = 6;

const overRun = (
  f: FunctionBuilder,
  input: I32,
  run: Run,
  at: Local<'i32'>,
  weight: Local<'i32'>,
  rowBytes: number,
  accumulate: (value: I32, valueOffset: number, row: I32, rowOffset: number) => void,
): void => {
  if (run.length <= UNROLLED_INPUTS) {
    for (let i = 0; i < run.length; i++) accumulate(input, (run.offset + i) * FLOAT_BYTES, weight, i * rowBytes);
    f.advance(weight, run.length * rowBytes);
    return;
  }
  f.set(at, i32.add(input, i32.constant(run.offset * FLOAT_BYTES)));
  const end = f.let(i32.add(at, i32.constant(run.length * FLOAT_BYTES)));
  f.doWhile(
    () => {
      const add = (): void => accumulate(at, 0, weight, 0);
      if (run.isSparse === true) f.if(i32.load(at), add);
      else add();
      f.advance(at, FLOAT_BYTES);
      f.advance(weight, rowBytes);
    },
    () => i32.ltU(at, end),
  );
};

/** Splits vectors into blocks of nearly equal width. */
export const blockWidths = (vectors: number): number[] => {
  const blocks = Math.ceil(vectors / BLOCK_VECTORS);
  return Array.from({ length: blocks }, (_, b) => Math.floor((vectors + b) / blocks));
};

/**
 * Places the weights of a dense layer in the order in which the kernel reads them: by block, biases
 * first. `columns` holds the output of each lane, or −1 for a lane that stays zero. Plain loops,
 * because there may be millions of weights.
 */
export const placeDenseSingle = (
  emission: Emission,
  { inputs, outputs, weights, bias }: Pick<DenseLayer, 'inputs' | 'outputs' | 'weights' | 'bias'>,
  columns: readonly number[],
): number => {
  const packed = new Float32Array((inputs + 1) * columns.length);
  let at = 0;
  let first = 0;
  for (const width of blockWidths(columns.length / LANES)) {
    const block = Int32Array.from(columns.slice(first, first + width * LANES));
    for (const output of block) packed[at++] = output < 0 ? 0 : (bias[output] ?? missing(bias, output));
    for (let i = 0; i < inputs; i++) {
      for (const output of block) {
        const weight = i * outputs + output;
        packed[at++] = output < 0 ? 0 : (weights[weight] ?? missing(weights, weight));
      }
    }
    first += width * LANES;
  }
  return place(emission, packed);
};
