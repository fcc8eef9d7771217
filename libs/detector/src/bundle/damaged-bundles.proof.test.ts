import { FlowlineError, type FeatureSpec } from '@flowline/events';
import { type FeatureTable, sliceTable } from '@flowline/features';
import { decodeSafetensors, encodeSafetensors, FlowError, Random, type SafeTensor } from '@flowline/flows';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { Detector } from '../detector.ts';
import { trainDetector } from '../training/train-detector.ts';
import type { DetectorTrainingSpec } from '../training/training-spec.ts';
import { loadBundle, saveBundle } from './save-bundle.ts';

const feature = (name: string, type: FeatureSpec['type'], more: Partial<FeatureSpec> = {}): FeatureSpec => ({
  ...{ name, type, from: name, role: 'score', nullable: false, maxLevels: 64, period: null },
  ...more,
});
const schema = [
  feature('x', 'real'),
  feature('y', 'real', { nullable: true }),
  feature('place', 'categorical', { role: 'context' }),
];

function rowsOf(size: number): FeatureTable {
  const random = new Random(5);
  const numeric = Float64Array.from({ length: 2 * size }, (_, i) =>
    i % 2 === 1 && random.uniform() < 0.3 ? NaN : random.normal(),
  );
  const levels = Array.from({ length: size }, () => (random.uniform() < 0.5 ? 'north' : 'south'));
  return { size, numeric, numericWidth: 2, levels, levelWidth: 1 };
}

const history = rowsOf(4_000);
const part = (from: number, to: number): FeatureTable => sliceTable(history, from, to);
const some = part(3_990, 4_000);
const spec: DetectorTrainingSpec = {
  ...{ name: 'd', schema, lookups: {}, family: 'gaussian', seed: 1, members: 1, data: 'clean', alpha: 1e-3 },
};
const kinds: readonly Pick<DetectorTrainingSpec, 'test' | 'data'>[] = [
  { test: 'density', data: 'clean' },
  { test: 'outlying', data: 'clean' },
  { test: 'outlying', data: 'unlabelled' },
  { test: 'combined', data: 'clean' },
];

/** The file of a model, as its parts. */
interface Parts {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly manifest: unknown;
}

/** A file of parts without a checksum of its content, as earlier releases wrote it. */
const unsealed = ({ tensors, manifest }: Parts, version = '3'): Uint8Array =>
  encodeSafetensors(Object.fromEntries(tensors), {
    ...{ format: 'flowline.model', version, manifest: JSON.stringify(manifest) },
  });

/** True for a file that is refused as a model; an error if it scores with anything but p-values. */
async function isRefused(file: Uint8Array): Promise<boolean> {
  try {
    const detector = await Detector.create(loadBundle(file), { alpha: 1e-3, backend: 'wasm' });
    const { pValues } = await detector.score(some);
    detector.dispose();
    expect(pValues.filter((p) => !(p > 0 && p <= 1))).toHaveLength(0);
    return false;
  } catch (error) {
    if (!(error instanceof FlowlineError || error instanceof FlowError)) throw error;
    expect(error.code).toMatch(/^FLOWLINE_MODEL_/);
    return true;
  }
}

/** Places of all values within a value of JSON. */
function placesIn(value: unknown, place: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [place];
  return [place, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...place, key]))];
}

/** A copy of a value of JSON with another value at a place. */
function changedAt(value: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other;
  const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) };
  const inner = (copy as Record<string, unknown>)[key];
  return Object.assign(copy, { [key]: changedAt(inner, rest, other) });
}

const damages: Readonly<Record<string, (tensor: SafeTensor, at: number) => SafeTensor | null>> = {
  missing: () => null,
  empty: ({ dtype, shape, data }) => ({ dtype, shape: [0, ...shape.slice(1)], data: data.slice(0, 0) }),
  'not a number': (tensor, at) => withValue(tensor, at, NaN),
  infinite: (tensor, at) => withValue(tensor, at, -Infinity),
  'far too large': (tensor, at) => withValue(tensor, at, 1e9),
  negative: (tensor, at) => withValue(tensor, at, -7),
  backwards: ({ dtype, shape, data }) => ({ dtype, shape, data: data.toReversed() }),
  zero: ({ dtype, shape, data }) => ({ dtype, shape, data: data.slice().fill(0) }),
  'of other rows': ({ dtype, shape, data }) => ({ dtype, shape: [...shape].reverse(), data }),
  'of text': ({ shape, data }) => ({ dtype: 'U8', shape, data: new Uint8Array(data.length) }),
};

const withValue = ({ dtype, shape, data }: SafeTensor, at: number, value: number): SafeTensor => {
  const copy = data.slice();
  copy[at % copy.length] = value;
  return { dtype, shape, data: copy };
};

describe.each(kinds)('a damaged model of $test rows and $data history', (kind) => {
  let file: Uint8Array;
  let parts: Parts;

  beforeAll(async () => {
    const tables = {
      ...{ train: part(0, 1_500), validation: part(1_500, 2_000) },
      ...{ calibration: part(2_000, 3_600), test: part(3_600, 4_000) },
    };
    const { bundle } = await trainDetector({ ...spec, ...kind }, tables);
    file = saveBundle(bundle);
    const { tensors, metadata } = decodeSafetensors(file);
    parts = { tensors, manifest: JSON.parse(metadata.manifest ?? '') };
  }, 60_000);

  it('loads undamaged, also without the checksum that earlier releases did not write', async () => {
    expect(await isRefused(file)).toBe(false);
    const earlier = loadBundle(unsealed(parts, kind.test === 'density' ? '2' : '3'));
    expect(Buffer.compare(saveBundle(earlier), file)).toBe(0);
  });

  it('is refused if a byte changed that anything depends on', () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const changed = file.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte));
        let saved = file;
        try {
          saved = saveBundle(loadBundle(changed));
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^FLOWLINE_MODEL_/) });
        }
        expect(Buffer.compare(saved, file)).toBe(0);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('is refused, or scores with p-values, whatever its manifest says', async () => {
    const places = placesIn(parts.manifest);
    const values = fc.oneof(fc.constantFrom(null, -1, 0, 1.5, 1e9, 1e300, 'x', [], {}, true), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), values, async (place, value) => {
        await isRefused(unsealed({ ...parts, manifest: changedAt(parts.manifest, place, value) }));
      }),
      { numRuns: 80 },
    );
  }, 120_000);

  it('is refused, or scores with p-values, whatever its numbers are', async () => {
    const own = [...parts.tensors].filter(([name]) => !name.startsWith('member'));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...own),
        fc.constantFrom(...Object.values(damages)),
        fc.nat(),
        async ([name, tensor], damage, at) => {
          const tensors = new Map(parts.tensors);
          const damaged = damage(tensor, at);
          if (damaged === null) tensors.delete(name);
          else tensors.set(name, damaged);
          const isMissing = damaged === null || damaged.data.length === 0;
          const refused = await isRefused(unsealed({ ...parts, tensors }));
          if (isMissing && !name.endsWith('/laws')) expect(refused).toBe(true);
        },
      ),
      { numRuns: 80 },
    );
  }, 120_000);
});
