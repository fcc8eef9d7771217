import { ProtobufMessage } from './protobuf.ts';

/** Element types of tensors, by their numbers in onnx.proto. */
const elementTypes = { float: 1, int64: 7, string: 8, bool: 9, double: 11 } as const;
export type ElementType = keyof typeof elementTypes;

/** Name of a tensor of the graph. */
export type Tensor = string;

/**
 * Form of a graph over n rows. The columns of a tensor are axis 1 in all.
 *
 * - `portable`: tensors are [n × k], with a node per operation of the plan, for other programs.
 * - `products`: the same tensors with fewer nodes, for ONNX Runtime on models with wide layers:
 *   matrix products also add what is added to them.
 * - `channels`: tensors are [1 × k × 1 × n], images of one line with a channel per column, for ONNX
 *   Runtime on models with narrow layers. Dense layers are convolutions of single points, which
 *   keep blocks of channels in registers until bias and ReLU are added.
 */
export type GraphForm = 'portable' | 'products' | 'channels';

/**
 * Attribute of a node. A plain number is an integer, `{ float }` a float; lists are of integers or
 * of strings.
 */
export type Attribute = number | { readonly float: number } | readonly number[] | readonly string[];

/** Field numbers of onnx.proto that are written here. */
const Field = {
  model: { irVersion: 1, producerName: 2, producerVersion: 3, graph: 7, opset: 8, metadata: 14 },
  opset: { domain: 1, version: 2 },
  entry: { key: 1, value: 2 },
  graph: { node: 1, name: 2, initializer: 5, input: 11, output: 12 },
  node: { input: 1, output: 2, opType: 4, attribute: 5, domain: 7 },
  attribute: { name: 1, float: 2, integer: 3, integers: 8, strings: 9, type: 20 },
  tensor: { dims: 1, dataType: 2, name: 8, rawData: 9 },
  value: { name: 1, type: 2, documentation: 3 },
  tensorType: { elementType: 1, shape: 2 },
  dimension: { value: 1, parameter: 2 },
} as const;
const AttributeType = { float: 1, integer: 2, integers: 7, strings: 8 } as const;

/** ONNX 1.12, which every current runtime reads. */
const IR_VERSION = 8;
const OPSET = 17;
const ML_OPSET = 3;
export const ML_DOMAIN = 'ai.onnx.ml';

/** ONNX model under construction: nodes in execution order, and the constants that they use. */
export class OnnxGraph {
  readonly form: GraphForm;
  readonly #graph = new ProtobufMessage();
  readonly #constants = new Map<string, Tensor>();
  #tensors = 0;

  constructor(form: GraphForm = 'portable') {
    this.form = form;
  }

  /** Adds an input of n rows. */
  input(name: string, type: ElementType, columns: number, documentation: string): Tensor {
    this.#graph.message(
      Field.graph.input,
      valueInfo(name, type, columns).text(Field.value.documentation, documentation),
    );
    return name;
  }

  /** Makes a tensor an output, under its own name. */
  output(name: string, of: Tensor, type: ElementType, columns: number, documentation: string): void {
    this.#append('Identity', [of], name, {});
    this.#graph.message(
      Field.graph.output,
      valueInfo(name, type, columns).text(Field.value.documentation, documentation),
    );
  }

  /** Appends a node with one output. */
  node(
    op: string,
    inputs: readonly Tensor[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): Tensor {
    return this.#append(op, inputs, this.#name(), attributes, domain);
  }

  /** Splits a tensor along its columns. */
  split(of: Tensor, widths: readonly number[]): readonly Tensor[] {
    if (widths.length === 1) return [of];
    const node = new ProtobufMessage().text(Field.node.input, of).text(Field.node.input, this.int64([...widths]));
    const outputs = widths.map(() => this.#name());
    for (const output of outputs) node.text(Field.node.output, output);
    node.text(Field.node.opType, 'Split').message(Field.node.attribute, attributeOf('axis', 1));
    this.#graph.message(Field.graph.node, node);
    return outputs;
  }

  /** Constant of the given shape. A scalar if no shape is given. */
  float(values: ArrayLike<number>, ...shape: number[]): Tensor {
    return this.#constant('float', new Uint8Array(Float32Array.from(values).buffer), shape);
  }

  double(values: ArrayLike<number>, ...shape: number[]): Tensor {
    return this.#constant('double', new Uint8Array(Float64Array.from(values).buffer), shape);
  }

  /** List of integers. */
  int64(values: readonly number[]): Tensor {
    return this.#constant('int64', new Uint8Array(BigInt64Array.from(values, BigInt).buffer), [values.length]);
  }

  /** Encodes the model. */
  model(name: string, producerVersion: string, metadata: Readonly<Record<string, string>>): Uint8Array {
    const fields = Field.model;
    const opset = (domain: string, version: number): ProtobufMessage =>
      new ProtobufMessage().text(Field.opset.domain, domain).integer(Field.opset.version, version);
    const model = new ProtobufMessage()
      .integer(fields.irVersion, IR_VERSION)
      .text(fields.producerName, 'flowline')
      .text(fields.producerVersion, producerVersion)
      .message(fields.opset, opset('', OPSET))
      .message(fields.opset, opset(ML_DOMAIN, ML_OPSET));
    for (const [key, value] of Object.entries(metadata)) {
      model.message(fields.metadata, new ProtobufMessage().text(Field.entry.key, key).text(Field.entry.value, value));
    }
    return model.message(fields.graph, this.#graph.text(Field.graph.name, name)).encode();
  }

  #name(): Tensor {
    return `t${this.#tensors++}`;
  }

  #append(
    op: string,
    inputs: readonly Tensor[],
    output: Tensor,
    attributes: Readonly<Record<string, Attribute>>,
    domain = '',
  ): Tensor {
    const node = new ProtobufMessage();
    for (const input of inputs) node.text(Field.node.input, input);
    node.text(Field.node.output, output).text(Field.node.opType, op).text(Field.node.domain, domain);
    for (const [name, value] of Object.entries(attributes)) {
      node.message(Field.node.attribute, attributeOf(name, value));
    }
    this.#graph.message(Field.graph.node, node);
    return output;
  }

  /** Stores a constant. Equal small constants are stored once. */
  #constant(type: ElementType, bytes: Uint8Array, shape: readonly number[]): Tensor {
    const key = bytes.length <= 64 ? `${type} ${shape.join()} ${Buffer.from(bytes).toString('hex')}` : null;
    const known = key === null ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#name();
    const tensor = new ProtobufMessage();
    for (const length of shape) tensor.integer(Field.tensor.dims, length);
    tensor.integer(Field.tensor.dataType, elementTypes[type]);
    this.#graph.message(
      Field.graph.initializer,
      tensor.text(Field.tensor.name, name).bytes(Field.tensor.rawData, bytes),
    );
    if (key !== null) this.#constants.set(key, name);
    return name;
  }
}

const attributeOf = (name: string, value: Attribute): ProtobufMessage => {
  const fields = Field.attribute;
  const attribute = new ProtobufMessage().text(fields.name, name);
  if (typeof value === 'number')
    return attribute.integer(fields.integer, value).integer(fields.type, AttributeType.integer);
  if ('float' in value) return attribute.float(fields.float, value.float).integer(fields.type, AttributeType.float);
  const isText = value.some((item) => typeof item === 'string');
  for (const item of value) {
    if (typeof item === 'string') attribute.text(fields.strings, item);
    else attribute.integer(fields.integers, item);
  }
  return attribute.integer(fields.type, isText ? AttributeType.strings : AttributeType.integers);
};

/** Description of a tensor [n × columns], for any n. */
const valueInfo = (name: string, type: ElementType, columns: number): ProtobufMessage => {
  const shape = new ProtobufMessage()
    .message(1, new ProtobufMessage().text(Field.dimension.parameter, 'n'))
    .message(1, new ProtobufMessage().integer(Field.dimension.value, columns));
  const tensorType = new ProtobufMessage()
    .integer(Field.tensorType.elementType, elementTypes[type])
    .message(Field.tensorType.shape, shape);
  return new ProtobufMessage()
    .text(Field.value.name, name)
    .message(Field.value.type, new ProtobufMessage().message(1, tensorType));
};
