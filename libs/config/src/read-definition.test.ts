import { describe, expect, it } from '@jest/globals';

import { parseDetector } from './parse-detector.ts';
import { readDefinition, storedDefinition, type Upgrade } from './read-definition.ts';

const definition = parseDetector(
  `apiVersion: flowline/v1
kind: Detector
metadata: { name: orders }
spec:
  source: { time: { field: ts, unit: iso } }
  history: { query: select 1 }
  features: [{ name: x, type: real }]
  training: { data: clean }
  decision: { control: { alpha: 1.0e-3 } }
`,
  'orders.yaml',
);
const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Two changes: `tags` became `labels`, then `sampling` moved to `retention.sample`. */
const steps: readonly Upgrade[] = [
  ({ tags, ...rest }) => ({ ...rest, labels: tags }),
  ({ sampling, retention, ...rest }) => ({ ...rest, retention: { ...(retention as object), sample: sampling } }),
];
const { labels: _labels, retention, ...others } = definition;
const { sample: _sample, ...kept } = retention;
const first = { ...others, retention: kept, tags: { team: 'shop' }, sampling: 0.5 };
const upgraded = { ...definition, labels: { team: 'shop' }, retention: { ...retention, sample: 0.5 } };

describe('a stored definition', () => {
  it('is read back as it was, and without a version for releases that know none', () => {
    expect(storedDefinition(definition)).not.toHaveProperty('schemaVersion');
    expect(readDefinition(throughJson(storedDefinition(definition)), 'orders')).toEqual(definition);
  });

  it('gets the defaults of options that its release did not know', () => {
    const { compute, ...earlier } = definition;
    expect(readDefinition(earlier, 'orders').compute).toEqual(compute);
  });

  it('is upgraded step by step from the version that it was stored in', () => {
    expect(readDefinition(throughJson(first), 'orders', steps)).toEqual(upgraded);
    const { tags, ...rest } = first;
    expect(readDefinition({ ...rest, labels: tags, schemaVersion: 2 }, 'orders', steps)).toEqual(upgraded);
    const stored = storedDefinition(upgraded, steps);
    expect(stored).toMatchObject({ schemaVersion: 3, name: 'orders' });
    expect(readDefinition(throughJson(stored), 'orders', steps)).toEqual(upgraded);
  });

  it('of a later version is refused, and says which release to run', () => {
    expect(() => readDefinition({ ...definition, schemaVersion: 2 }, 'orders, version 7')).toThrow(
      expect.objectContaining({
        code: 'FLOWLINE_CONFIG_INVALID',
        message: 'The stored definition of orders, version 7 has format version 2; this release reads up to 1.',
        remedy: 'Run the release that applied it, or a later one.',
      }),
    );
  });

  it.each([null, [], 'text', { schemaVersion: 0 }, { schemaVersion: 1.5 }, { schemaVersion: 'new' }])(
    'that is damaged is refused: %j',
    (json) => {
      expect(() => readDefinition(json, 'orders')).toThrow(/^The stored definition of orders cannot be read: /);
    },
  );

  it('with an option that this release does not know is refused, not ignored', () => {
    expect(() => readDefinition({ ...definition, windows: [] }, 'orders')).toThrow(/cannot be read: .*windows/);
  });
});
