import { beforeAll, describe, expect, it } from '@jest/globals';

import { initBackend } from './backend.ts';
import { loadFlow, loadFlowInParts, saveFlow } from './checkpoint.ts';
import { realNVP } from './families/real-nvp.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import { sealFile } from './sealed-file.ts';
import { normalRows, perturb, taken } from './testing/mathematics.ts';
import type { SafeTensor } from './safetensors.ts';

beforeAll(() => initBackend('wasm'));

const made = () =>
  perturb(realNVP({ features: 3, context: 1, layers: 2, hidden: [4], presence: [null, 0, null], seed: 1 }), 2);

/**
 * The checkpoint with changed tensors or metadata; everything else stays as it was, except the
 * checksum.
 */
function changed(change: (tensors: Record<string, SafeTensor>, metadata: Record<string, string>) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(saveFlow(made()));
  const [all, meta] = [Object.fromEntries(tensors), { ...metadata }];
  change(all, meta);
  return encodeSafetensors(all, meta);
}

/** A checkpoint whose checksum holds, of another configuration. */
function ofConfig(change: (config: Record<string, unknown>) => unknown): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(saveFlow(made()));
  const config = JSON.stringify(change(JSON.parse(metadata.config!) as Record<string, unknown>));
  return sealFile({ format: 'flowline.flow', version: 2, writtenBy: 'saveFlow' }, { config, tensors });
}

/** A copy of JSON in which each number of a name is another one. */
const withNumbers = (json: unknown, name: string, value: unknown): unknown =>
  JSON.parse(JSON.stringify(json, (key, own: unknown) => (key === name ? value : own)));

describe('checkpoint', () => {
  it('keeps the flag of a data-dependent initialisation', () => {
    const flow = realNVP({ features: 2, layers: 1, hidden: [4], seed: 1 });
    flow.initialize(normalRows(100, 2, 1, 5));
    const scale = flow.variables.get('bijector/actNorm0/logScale')!.read();
    const loaded = loadFlow(saveFlow(flow));
    loaded.initialize(normalRows(100, 2, 2, 50));
    expect(loaded.variables.get('bijector/actNorm0/logScale')!.read()).toEqual(scale);
    expect(scale[0]).toBeCloseTo(-Math.log(5), 0);
  });

  it('loads the same flow in parts, between which others have their turn, and refuses the same files', async () => {
    const bytes = saveFlow(made());
    const order: string[] = [];
    setImmediate(() => order.push('another'));
    const loaded = await loadFlowInParts(bytes);
    order.push('loaded');
    expect(order).toEqual(['another', 'loaded']);
    expect(saveFlow(loaded)).toEqual(bytes);
    await expect(loadFlowInParts(bytes.subarray(0, 100))).rejects.toMatchObject({ code: 'FLOWLINE_MODEL_CORRUPTED' });
  });

  it('says what it is, and holds no more than it needs', () => {
    const { tensors, metadata } = decodeSafetensors(saveFlow(made()));
    expect(metadata).toMatchObject({
      format: 'flowline.flow',
      version: '2',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(JSON.parse(metadata.config!)).toMatchObject({ family: 'realNVP', features: 3, presence: [null, 0, null] });
    expect(tensors.get('bijector/coupling1/w0')).toMatchObject({ dtype: 'F32', shape: [2, 4] });
  });

  it.each<[string, () => Uint8Array, string, RegExp]>([
    ['an empty file', () => new Uint8Array(), 'FLOWLINE_MODEL_CORRUPTED', /0 bytes/],
    ['a text', () => new TextEncoder().encode('not a model at all'), 'FLOWLINE_MODEL_CORRUPTED', /header/],
    ['a file cut short', () => saveFlow(made()).subarray(0, -5), 'FLOWLINE_MODEL_CORRUPTED', /do not hold|cover/],
    [
      'a file with bytes behind it',
      () => Buffer.concat([saveFlow(made()), Buffer.alloc(4)]),
      'FLOWLINE_MODEL_CORRUPTED',
      /cover/,
    ],
    [
      'a flipped bit in the weights',
      () => {
        const bytes = saveFlow(made());
        bytes[bytes.length - 3]! ^= 1;
        return bytes;
      },
      'FLOWLINE_MODEL_CORRUPTED',
      /checksum/,
    ],
    [
      'a changed configuration',
      () => changed((_, metadata) => (metadata.config = metadata.config!.replace('relu', 'tanh'))),
      'FLOWLINE_MODEL_CORRUPTED',
      /checksum/,
    ],
    [
      'a removed tensor',
      () => changed((tensors) => delete tensors['bijector/actNorm0/shift']),
      'FLOWLINE_MODEL_CORRUPTED',
      /checksum/,
    ],
    ['a file of another program', () => encodeSafetensors({}, { format: 'pt' }), 'FLOWLINE_MODEL_INCOMPATIBLE', /"pt"/],
    [
      'another version',
      () => changed((_, metadata) => (metadata.version = '1')),
      'FLOWLINE_MODEL_INCOMPATIBLE',
      /version 1, expected 2/,
    ],
    [
      'layers of far more weights than it holds, before there is memory for them',
      () => ofConfig((config) => withNumbers(config, 'hidden', [60_000, 60_000])),
      'FLOWLINE_MODEL_INCOMPATIBLE',
      /more weights than the file/,
    ],
    [
      'sizes beyond all memory',
      () => ofConfig((config) => withNumbers(config, 'features', 2_000_000_000)),
      'FLOWLINE_MODEL_INCOMPATIBLE',
      /found 2000000000, expected at most 65536/,
    ],
    [
      'parts within parts without end',
      () =>
        ofConfig((config) => {
          let { bijector } = config;
          for (let depth = 0; depth < 500; depth++) bijector = { type: 'inverted', bijector };
          return { ...config, bijector };
        }),
      'FLOWLINE_MODEL_INCOMPATIBLE',
      /within more than 64 others/,
    ],
  ])('refuses %s', (_name, bytes, code, message) => {
    expect(() => loadFlow(bytes())).toThrow(
      expect.objectContaining({ name: 'FlowError', code, message: expect.stringMatching(message) }),
    );
  });

  it('scores the same bit for bit when loaded twice', () => {
    const bytes = saveFlow(made());
    const [x, context] = [normalRows(9, 3, 1), normalRows(9, 1, 2)];
    expect(taken(loadFlow(bytes).logProb(x, context))).toEqual(taken(loadFlow(bytes.slice()).logProb(x, context)));
  });
});
