import { FlowlineError, type FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { FeatureEncoding } from './feature-encoding.ts';
import { fitEncoding } from './fit-encoding.ts';

const feature = (name: string, type: FeatureSpec['type'], more: Partial<FeatureSpec> = {}): FeatureSpec => ({
  name,
  type,
  from: name,
  role: type === 'cyclic' ? 'context' : 'score',
  nullable: false,
  maxLevels: 8,
  period: type === 'cyclic' ? 24 : null,
  ...more,
});
const schema = [
  feature('p', 'positive', { nullable: true }),
  feature('u', 'unit'),
  feature('l', 'real', { from: { log: { timePart: { of: 'ts', part: 'hourOfDay', timezone: 'Europe/Paris' } } } }),
  feature('h', 'cyclic'),
  feature('b', 'boolean'),
  feature('c', 'categorical'),
];
const encoding = fitEncoding(schema, {
  size: 3,
  numeric: Float64Array.of(1, 0.5, 3, 4, NaN, 0.25, 5, 6, 0, 1, 2, 3),
  numericWidth: 4,
  levels: ['true', 'x', 'false', 'y', 'true', 'x'],
  levelWidth: 2,
});
const saved = () => JSON.parse(JSON.stringify(encoding)) as Record<string, unknown>;

/** Copies the saved JSON with the value at a path replaced. */
function changed(path: readonly (string | number)[], value: unknown): unknown {
  const root = saved();
  let at: unknown = root;
  for (const step of path.slice(0, -1)) at = (at as Record<string | number, unknown>)[step];
  (at as Record<string | number, unknown>)[path.at(-1)!] = value;
  return root;
}

describe('FeatureEncoding.fromJSON', () => {
  it('reads what toJSON wrote', () => {
    expect(FeatureEncoding.fromJSON(saved()).toJSON()).toEqual(saved());
  });

  it('reads version 1, which asks the flow wherever a value lies', () => {
    const now = saved();
    const old = {
      ...now,
      version: 1,
      numeric: (now.numeric as (Record<string, unknown> | null)[]).map((column) =>
        column === null ? null : { ...column, range: undefined, constant: undefined },
      ),
    };
    const read = FeatureEncoding.fromJSON(JSON.parse(JSON.stringify(old)));
    const far = {
      size: 1,
      numeric: Float64Array.of(1e9, 0.5, 3, 4),
      numericWidth: 4,
      levels: ['true', 'x'],
      levelWidth: 2,
    };
    expect(read.encode(far).rows[0]).toBeCloseTo(read.scored[0]!.toEncoded(1e9), 4);
    expect(read.encode(far).logJacobian[0]).toBeCloseTo(
      Math.log(read.scored[0]!.derivative(1e9) * read.scored[1]!.derivative(0.5) * read.scored[2]!.derivative(3)),
      9,
    );
    expect(FeatureEncoding.fromJSON(JSON.parse(JSON.stringify(read))).toJSON()).toEqual(read.toJSON());
  });

  it.each<[string, unknown]>([
    ['encoding', null],
    ['encoding', [1]],
    ['encoding.version', {}],
    ['encoding.version', changed(['version'], 3)],
    ['encoding.version', changed(['format'], 'other')],
    ['encoding.schema', changed(['schema'], [])],
    ['encoding.schema[0].type', changed(['schema', 0, 'type'], 'complex')],
    ['encoding.schema[0].from', changed(['schema', 0, 'from'], { sqrt: 'x' })],
    ['encoding.schema[0].role', changed(['schema', 0, 'role'], 'both')],
    ['encoding.schema[0].nullable', changed(['schema', 0, 'nullable'], 1)],
    ['encoding.schema[0].maxLevels', changed(['schema', 0, 'maxLevels'], 1.5)],
    ['encoding.schema[0].name', changed(['schema', 0, 'name'], null)],
    ['encoding.schema', changed(['schema', 3, 'period'], null)],
    [
      'encoding.numeric',
      changed(['numeric'], saved().numeric instanceof Array ? (saved().numeric as unknown[]).slice(1, 1) : 0),
    ],
    ['encoding.numeric[0]', changed(['numeric', 0], null)],
    ['encoding.numeric[0].std', changed(['numeric', 0, 'std'], null)],
    ['encoding.numeric[0]', changed(['numeric', 0, 'std'], 0)],
    ['encoding.numeric[0]', changed(['numeric', 0, 'gaussian'], -1)],
    ['encoding.numeric[0].range', changed(['numeric', 0, 'range'], [1, 0])],
    ['encoding.numeric[0].range', changed(['numeric', 0, 'range'], [1])],
    ['encoding.numeric[1].range', changed(['numeric', 1, 'range'], null)],
    ['encoding.numeric[0].constant', changed(['numeric', 0, 'constant'], 0)],
    ['encoding.numeric[0].transform.tolerance', changed(['numeric', 0, 'transform', 'tolerance'], -1)],
    ['encoding.numeric[0].transform', changed(['numeric', 0, 'transform'], { type: 'asinh' })],
    ['encoding.numeric[0].transform.type', changed(['numeric', 0, 'transform'], { type: 'sqrt' })],
    ['encoding.numeric[0].transform.shift', changed(['numeric', 0, 'transform', 'shift'], -1)],
    ['encoding.numeric[1].transform.epsilon', changed(['numeric', 1, 'transform', 'epsilon'], 0.5)],
    ['encoding.numeric[2].transform.floor', changed(['numeric', 2, 'transform', 'floor'], 0)],
    ['encoding.numeric[3]', changed(['numeric', 3], { mean: 0 })],
    ['encoding.levels', changed(['levels'], 'ab')],
    ['encoding.levels[0].closed', changed(['levels', 0, 'closed'], false)],
    ['encoding.levels[1]', changed(['levels', 1, 'counts'], [1])],
    ['encoding.levels[1]', changed(['levels', 1, 'levels'], ['x', 'x'])],
    ['encoding.levels[1].counts[0]', changed(['levels', 1, 'counts'], [-1, 2])],
    ['encoding.chains', changed(['chains'], [null])],
    ['encoding.chains[0]', changed(['chains', 0], { strength: 1, counts: [] })],
    ['encoding.chains[1].strength', changed(['chains', 1, 'strength'], 0)],
    ['encoding.chains[1].counts[0]', changed(['chains', 1, 'counts', 0], [9, 0, 1])],
    ['encoding.chains[1].counts[0]', changed(['chains', 1, 'counts', 0], [0, 0])],
    ['encoding.missingPatterns[0]', changed(['missingPatterns', 0], [1, 0, 1])],
    ['encoding.missingPatterns[0]', changed(['missingPatterns', 0], [0, 1, 1])],
    ['encoding.missingPatterns[0]', changed(['missingPatterns', 0], [0, 0])],
    ['encoding.trainedRows', changed(['trainedRows'], -1)],
    ['encoding.warnings[0]', changed(['warnings'], [1])],
  ])('refuses a wrong value, and says where: %s', (where, json) => {
    expect(() => FeatureEncoding.fromJSON(json)).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_MODEL_INCOMPATIBLE', where }),
    );
  });

  it('throws one kind of error, whatever it is given', () => {
    const keys = fc.constantFrom(...Object.keys(saved()));
    fc.assert(
      fc.property(keys, fc.anything(), (key, value) => {
        let error: unknown = null;
        try {
          FeatureEncoding.fromJSON(changed([key], value));
        } catch (thrown) {
          error = thrown;
        }
        expect(error === null || (error instanceof FlowlineError && error.code === 'FLOWLINE_MODEL_INCOMPATIBLE')).toBe(
          true,
        );
      }),
    );
  });
});
