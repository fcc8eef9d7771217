import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { parseDocument } from 'yaml';

import { detectorJsonSchema } from './detector-document.ts';
import { detectorReference, optionRows } from './detector-reference.ts';
import { parseDetector } from './parse-detector.ts';

const read = (file: string): string =>
  readFileSync(new URL(`../../../docs/reference/${file}`, import.meta.url), 'utf8');

/** Sections and rows of a Markdown page, whatever the widths of its columns. */
const rowsOf = (page: string): string[] =>
  page
    .split('\n')
    .filter((line) => /^(## `|\| `)/.test(line))
    .map((line) => line.replace(/ +/g, ' '));

const least = `
apiVersion: flowline/v1
kind: Detector
metadata: { name: least }
spec:
  source: { kafka: { topic: events }, time: { field: at, unit: ms } }
  history: { query: select 1 }
  features: [{ name: x, type: categorical }, { name: y, type: real }]
  training: { data: clean }
  decision: { control: { alpha: 0.001 } }
  alerts: { absence: { expectEvery: 1m } }
`;

describe('docs/reference', () => {
  it('has every option of the schema, with its values, default and meaning, and no other', () => {
    expect(rowsOf(read('detector.md'))).toEqual(rowsOf(detectorReference(detectorJsonSchema())));
  });

  it('has the JSON Schema that `flowline schema` prints', () => {
    expect(JSON.parse(read('detector.schema.json'))).toEqual(detectorJsonSchema());
  });

  it('says what every option means', () => {
    const rows = [...optionRows(detectorJsonSchema()).values()].flat();
    expect(rows.filter(({ meaning }) => meaning === '')).toEqual([]);
    expect(rows.length).toBeGreaterThan(40);
  });
});

describe('defaults of the JSON Schema', () => {
  const options = [...optionRows(detectorJsonSchema())].flatMap(([section, rows]) =>
    rows.map(({ option, default: fallback }) => ({ path: `${section}.${option.slice(1, -1)}`, fallback })),
  );
  const withDefault = options.filter(({ fallback }) => fallback.startsWith('`'));

  it.each(withDefault.map(({ path, fallback }) => [path, fallback.slice(1, -1)]))(
    '%s: %s is what leaving it out means',
    (path, fallback) => {
      const document = parseDocument(least);
      // A list's options are those of its elements.
      const at = path.split('.').flatMap((key) => (key === 'features' ? [key, 0] : [key]));
      document.setIn(at, parseDocument(fallback).contents);
      expect(parseDetector(String(document), 'detector.yaml')).toEqual(parseDetector(least, 'detector.yaml'));
    },
  );

  it('are those of every option that has one', () => {
    expect(withDefault.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['spec.retention.scored', 'spec.model.budget.maxMinutes', 'spec.source.kafka.startFrom']),
    );
  });
});
