import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { documentChanges } from './document-changes.ts';
import { parseDocuments } from './parse-documents.ts';
import { detectorDocumentOf, resourceDocumentOf, yamlOf } from './write-document.ts';

const forms = [{ defaults: true }, { defaults: false }];

/** Text of the documents that a text holds, written again. */
function writtenAgain(text: string, form: { defaults: boolean }): string {
  const documents = parseDocuments(text, 'test', () => 'code,size\nx,1\n"y""\u009b",\n');
  return yamlOf(
    documents.map((document) =>
      document.kind === 'Detector'
        ? detectorDocumentOf(document.definition, form)
        : resourceDocumentOf(document.kind, document.name, document.spec as never),
    ),
  );
}

const resolved = (text: string) =>
  parseDocuments(text, 'test', () => 'code,size\nx,1\n"y""\u009b",\n').map((document) => ({
    ...document,
    invalid: null,
  }));

const everyOption = `apiVersion: flowline/v1
kind: Detector
metadata: { name: all, labels: { team: "sre: \\e[31m", "null": "1e3" } }
spec:
  source:
    kafka: { topic: t, startFrom: { timestamp: "2026-01-01T00:00:00.250+01:00" } }
    time: { field: at.ms, unit: ms }
    key: [who]
    eventId: id
    deduplicate: { enabled: false, window: 2h, maxIds: 20000 }
  history: { query: "select *\\n  from t -- \\t x\\n", timeColumn: ts, lookback: 1.5h, maxRows: 2000 }
  lookups:
    sizes: { csv: sizes.csv, key: code }
    live: { query: "select 1 as code", key: code }
  features:
    - { name: a, type: real, from: { lag: { of: x } } }
    - { name: b, type: positive, from: c }
    - { name: x, type: real }
    - { name: size, type: real, from: { lookup: { table: sizes, key: code, value: size } } }
    - { name: kind, type: categorical, maxLevels: 3, role: context }
    - { name: hour, type: cyclic, from: at.ms, period: 1d }
  missing: { nullable: [c, size] }
  model: { family: realNVP, seed: 3, members: [maf, gaussian], base: { mixture: 6 }, budget: { maxMinutes: 0.1, steps: 5 }, calibration: { fraction: 0.3 } }
  training: { data: clean, schedule: "@daily", timezone: Europe/Paris, promote: never }
  decision: { control: { falseAlarms: 1/week } }
  alerts:
    { topic: alarms, sinks: [], groupBy: [event], minEvents: { count: 2, within: 90s }, cooldown: 1m, resolveAfter: 2w,
      mergeGap: 250ms, severity: { warning: 1, major: 2, critical: 3 }, storm: { alerts: 9, window: 0.5s },
      direction: { b: up }, minEffect: { x: { units: 2 }, b: { ofRange: 1 } }, sendResolved: false, explainShare: 0.5,
      absence: { expectEvery: 1m, alertAfter: 5m, per: entity, severity: info, forgetAfter: 3w } }
  retention: { scored: 3d, anomalies: 4d, deadLetters: 5d, sample: 0.5, precision: exact }
`;
const resources = `apiVersion: flowline/v1
kind: Sink
metadata: { name: oncall }
spec: { webhook: { url: "https://example.org/a?b=c", secret: "env:HOOK", allow: [10.0.0.1] }, retryFor: 2h }
---
apiVersion: flowline/v1
kind: Rule
metadata: { name: quiet }
spec: { when: "bits < 20.0 # \\u202e", then: { suppress: true, tag: { why: "no\\r\\n" } } }
---
apiVersion: flowline/v1
kind: Calendar
metadata: { name: holidays }
spec: { timezone: Europe/Paris, file: some.ics, training: false }
`;
const stored = `apiVersion: flowline/v1
kind: Detector
metadata: { name: stored }
spec:
  source: { kafka: { topic: t }, time: { field: ts, unit: iso } }
  history: { from: scored_events }
  features: [{ name: a, type: real }]
  training: { data: unlabelled }
  decision: { control: { alpha: 0.0000001 } }
`;

describe.each(forms)('documents written with %p', (form) => {
  it.each([
    ['every option', everyOption],
    ['hardly any', stored],
    ['learned intervals', `${stored}  alerts: { absence: { expectEvery: auto } }\n`],
    ['other kinds', resources],
    ['the example', readFileSync(new URL('../../../examples/flights/detector.yaml', import.meta.url), 'utf8')],
  ])('are read as the same: %s', (_what, text) => {
    expect(resolved(writtenAgain(text, form))).toEqual(resolved(text));
  });

  it.each(['2/day', '14/week', '1/hour', '1/week', '0.0000001/day', '123456789012345678901234/hour', '0.3/hour'])(
    'keep the rate %s',
    (rate) => {
      const text = stored.replace('alpha: 0.0000001', `falseAlarms: ${rate}`);
      expect(resolved(writtenAgain(text, form))).toEqual(resolved(text));
    },
  );

  it('have nothing that a terminal obeys', () => {
    const written = writtenAgain(`${everyOption}---\n${resources}`, form);
    expect(written.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });
});

it('leaves out defaults, or writes them', () => {
  expect(writtenAgain(stored, { defaults: false })).not.toMatch(/alerts|retention|model|compute/);
  expect(writtenAgain(stored, { defaults: true })).toMatch(/cooldown: 30m/);
});

describe('documentChanges', () => {
  it('names the keys that differ, features by name', () => {
    const from = {
      a: 1,
      b: { c: [1], d: 'x' },
      list: [
        { name: 'p', v: 1 },
        { name: 'q', v: 2 },
      ],
    };
    const to = { a: 1, b: { c: [2] }, list: [{ name: 'q', v: 3 }, { name: 'p', v: 1 }, { name: 'r' }] };
    expect(documentChanges(from, to)).toEqual([
      { path: 'b.c', from: [1], to: [2] },
      { path: 'b.d', from: 'x' },
      { path: 'list.q.v', from: 2, to: 3 },
      { path: 'list.r.name', to: 'r' },
      { path: 'list.(order)', from: ['p', 'q'], to: ['q', 'p'] },
    ]);
    expect(documentChanges(from, JSON.parse(JSON.stringify(from)))).toEqual([]);
  });
});
