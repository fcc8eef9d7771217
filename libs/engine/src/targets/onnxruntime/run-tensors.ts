import type { OnnxRuntime, OnnxTensor } from './onnxruntime-api.ts';
import type { RowOutput } from '../onnx/rows.ts';

/** Arguments of a run of a session, and the memory that their tensors stand for. */
interface RunArguments {
  readonly n: number;
  readonly feeds: Readonly<Record<'rows', OnnxTensor>>;
  readonly fetches: Readonly<Record<string, OnnxTensor>>;
  /** [n × width] */
  readonly input: Float32Array;
  /** [n × each] */
  readonly output: Float32Array;
}

/**
 * Tensors of the runs of a session, one after another. They are made once for a number of rows, and
 * used again by the next run of as many: new ones cost more than the copy of the rows, and their
 * memory has to be collected.
 */
export class RunTensors {
  readonly #Tensor: OnnxRuntime['Tensor'];
  readonly #name: RowOutput;
  #last: RunArguments | null = null;

  constructor(Tensor: OnnxRuntime['Tensor'], name: RowOutput) {
    this.#Tensor = Tensor;
    this.#name = name;
  }

  /** Arguments of a run of n rows of a width, with `each` results per row. */
  of(n: number, width: number, each: number): RunArguments {
    if (this.#last?.n === n) return this.#last;
    const [input, output] = [new Float32Array(n * width), new Float32Array(n * each)];
    const feeds = { rows: new this.#Tensor('float32', input, [n, width]) };
    const fetches = { [this.#name]: new this.#Tensor('float32', output, [n, each]) };
    this.#last = { n, feeds, fetches, input, output };
    return this.#last;
  }
}
