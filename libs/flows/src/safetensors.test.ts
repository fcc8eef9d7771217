import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

const raw = (header: string, data = 0) => {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(data)]);
};

describe('safetensors', () => {
  it('is the published layout, byte by byte', () => {
    const bytes = encodeSafetensors({ a: { dtype: 'F32', shape: [2], data: Float32Array.of(1, -2) } }, { k: 'v' });
    const view = new DataView(bytes.buffer);
    const length = Number(view.getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect(header.trimEnd()).toBe('{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}');
    expect(view.getFloat32(8 + length, true)).toBe(1);
    expect(view.getFloat32(12 + length, true)).toBe(-2);
    expect(bytes).toHaveLength(16 + length);
  });

  it('gives back what it was given, whatever the order of the keys', () => {
    const tensor = fc.oneof(
      fc.float32Array({ maxLength: 6 }).map((data) => ({ dtype: 'F32' as const, shape: [data.length], data })),
      fc.float64Array({ maxLength: 6 }).map((data) => ({ dtype: 'F64' as const, shape: [1, data.length], data })),
    );
    const names = fc.string().filter((name) => name !== '__metadata__' && name !== '__proto__');
    fc.assert(
      fc.property(fc.array(fc.tuple(names, tensor), { maxLength: 5 }), fc.string(), (list, text) => {
        const tensors = Object.fromEntries(list);
        const bytes = encodeSafetensors(tensors, { text });
        const decoded = decodeSafetensors(bytes);
        expect(decoded.metadata).toEqual({ text });
        expect(Object.fromEntries(decoded.tensors)).toEqual(tensors);
        expect(encodeSafetensors(Object.fromEntries(Object.entries(tensors).reverse()), { text })).toEqual(bytes);
      }),
    );
  });

  it('never throws anything but a typed error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(() => decodeSafetensors(bytes)).toThrow(expect.objectContaining({ code: 'FLOWLINE_MODEL_CORRUPTED' }));
      }),
    );
  });

  it.each([
    ['an offset beyond the end', raw('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}')],
    ['a shape that does not fit', raw('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', 4)],
    ['another dtype', raw('{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}', 4)],
    ['a negative shape', raw('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4)],
    ['metadata that is not text', raw('{"__metadata__":{"a":1}}')],
    ['a list', raw('[]')],
    ['invalid UTF-8', raw('').fill(0xff, 0)],
  ])('refuses %s', (_name, bytes) => {
    expect(() => decodeSafetensors(bytes)).toThrow(expect.objectContaining({ code: 'FLOWLINE_MODEL_CORRUPTED' }));
  });

  it('refuses to write data that does not fit its shape', () => {
    expect(() => encodeSafetensors({ a: { dtype: 'F32', shape: [3], data: Float32Array.of(1) } }, {})).toThrow(
      /does not hold/,
    );
    expect(() => encodeSafetensors({ a: { dtype: 'F64', shape: [1], data: Float32Array.of(1) } }, {})).toThrow(
      /does not hold/,
    );
  });
});
