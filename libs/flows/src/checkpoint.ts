import { setImmediate } from 'node:timers/promises';

import { checkSizes } from './check-sizes.ts';
import { FlowError } from './flow-error.ts';
import { Flow } from './flow.ts';
import { FLOW_FORMAT_VERSION } from './flow-config.ts';
import { NoDraws } from './random.ts';
import type { SafeTensor } from './safetensors.ts';
import type { FileKind, SealedContent } from './sealed-file.ts';
import { openSealedFile, sealFile } from './sealed-file.ts';
import { checkValue } from './options/check-options.ts';
import { withMethods } from './options/rules.ts';

const KIND: FileKind = { format: 'flowline.flow', version: FLOW_FORMAT_VERSION, writtenBy: 'saveFlow' };

/**
 * Encodes a flow as one safetensors file: a tensor per parameter; in `__metadata__` the format and
 * its version, the configuration as JSON, and the SHA-256 of configuration and weights. The same
 * flow gives the same bytes.
 */
export function saveFlow(flow: Flow): Uint8Array {
  checkValue('saveFlow.flow', flow, withMethods('a Flow', 'logProb', 'toJSON'));
  const tensors = new Map(
    [...flow.variables].map(([name, parameter]): [string, SafeTensor] => [
      name,
      { dtype: 'F32', shape: [...parameter.shape], data: parameter.read() },
    ]),
  );
  return sealFile(KIND, { config: JSON.stringify(flow.config), tensors });
}

/**
 * Decodes a flow that `saveFlow` wrote; its scores are the same bit for bit. Throws
 * FLOWLINE_MODEL_CORRUPTED for damaged bytes, FLOWLINE_MODEL_INCOMPATIBLE for a file of another
 * program, version or shape.
 */
export function loadFlow(bytes: Uint8Array): Flow {
  return flowOf(openSealedFile(KIND, bytes));
}

/**
 * {@link loadFlow} in two parts, with a turn of the event loop between them: large files take some
 * milliseconds to check.
 */
export async function loadFlowInParts(bytes: Uint8Array): Promise<Flow> {
  const content = openSealedFile(KIND, bytes);
  await setImmediate();
  return flowOf(content);
}

function flowOf({ config, tensors }: SealedContent): Flow {
  const weights = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  const json = parsed(config);
  checkSizes(json, weights);
  const flow = Flow.fromConfig(json, new NoDraws(weights));
  try {
    assign(flow, tensors);
  } catch (error) {
    flow.dispose();
    throw error;
  }
  return flow;
}

function parsed(config: string): unknown {
  try {
    return JSON.parse(config);
  } catch (cause) {
    throw new FlowError('FLOWLINE_MODEL_CORRUPTED', 'the configuration is not JSON', {
      where: '__metadata__.config',
      remedy: 'Restore the file from where it was written.',
      cause,
    });
  }
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
