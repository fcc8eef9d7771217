import { createHash } from 'node:crypto';

import { FlowError } from './flow-error.ts';
import { Flow, FLOW_FORMAT_VERSION } from './flow.ts';
import type { SafeTensor } from './safetensors.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

const FORMAT = 'flowline.flow';

/**
 * A flow as one safetensors file: a tensor per parameter; in `__metadata__` the format and its version, the configuration as JSON, and
 * the SHA-256 of configuration and weights. The same flow gives the same bytes.
 */
export function saveFlow(flow: Flow): Uint8Array {
  const tensors = Object.fromEntries(
    [...flow.variables].map(([name, parameter]): [string, SafeTensor] => [
      name,
      { dtype: 'F32', shape: [...parameter.shape], data: parameter.read() },
    ]),
  );
  const config = JSON.stringify(flow.config);
  return encodeSafetensors(tensors, {
    format: FORMAT,
    version: String(FLOW_FORMAT_VERSION),
    config,
    sha256: checksum(config, new Map(Object.entries(tensors))),
  });
}

/**
 * The flow that `saveFlow` wrote; it scores the same bit for bit. Throws FLOWLINE_MODEL_CORRUPTED when bytes are damaged,
 * FLOWLINE_MODEL_INCOMPATIBLE when the file is of another program, version or shape.
 */
export function loadFlow(bytes: Uint8Array): Flow {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.format !== FORMAT) {
    throw new FlowError(
      'FLOWLINE_MODEL_INCOMPATIBLE',
      `found format ${JSON.stringify(metadata.format ?? null)}, expected '${FORMAT}'`,
      { where: '__metadata__.format', remedy: 'Pass a file that saveFlow wrote.' },
    );
  }
  if (metadata.version !== String(FLOW_FORMAT_VERSION)) {
    throw new FlowError(
      'FLOWLINE_MODEL_INCOMPATIBLE',
      `found format version ${metadata.version ?? 'none'}, expected ${FLOW_FORMAT_VERSION}`,
      { where: '__metadata__.version', remedy: 'Load it with the release that wrote it, or train again.' },
    );
  }
  const config = metadata.config ?? '';
  if (metadata.sha256 !== checksum(config, tensors)) {
    throw new FlowError('FLOWLINE_MODEL_CORRUPTED', 'the checksum does not match configuration and weights', {
      where: '__metadata__.sha256',
      remedy: 'Restore the file from where it was written.',
    });
  }
  const flow = Flow.fromConfig(JSON.parse(config));
  try {
    assign(flow, tensors);
  } catch (error) {
    flow.dispose();
    throw error;
  }
  return flow;
}

function assign(flow: Flow, tensors: ReadonlyMap<string, SafeTensor>): void {
  const foreign = [...tensors.keys()].find((name) => !flow.variables.has(name));
  if (foreign !== undefined) throw mismatch(foreign, 'a tensor that the configuration does not know');
  flow.assign((name, shape) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw mismatch(name, `no tensor, expected shape [${shape.join(', ')}]`);
    const data = tensor.data;
    if (!(data instanceof Float32Array) || tensor.shape.join() !== shape.join()) {
      throw mismatch(name, `${tensor.dtype} of shape [${tensor.shape.join(', ')}], expected F32 [${shape.join(', ')}]`);
    }
    return data;
  });
}

function mismatch(where: string, found: string): FlowError {
  return new FlowError('FLOWLINE_MODEL_INCOMPATIBLE', `found ${found}`, {
    where,
    remedy: 'Load the model with the release that wrote it, or train it again.',
  });
}

function checksum(config: string, tensors: ReadonlyMap<string, SafeTensor>): string {
  const hash = createHash('sha256').update(config);
  for (const [name, tensor] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const values = new DataView(new ArrayBuffer(8 * tensor.data.length));
    tensor.data.forEach((value, i) => values.setFloat64(8 * i, value, true));
    hash.update(JSON.stringify([name, tensor.dtype, tensor.shape])).update(new Uint8Array(values.buffer));
  }
  return hash.digest('hex');
}
