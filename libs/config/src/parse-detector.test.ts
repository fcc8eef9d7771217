import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { FlowlineError } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { detectorJsonSchema } from './detector-document.ts';
import { loadDetectorFile } from './load-detector-file.ts';
import { alertAfterMsOf } from './detector-definition.ts';
import { parseDetector } from './parse-detector.ts';
import { readDefinition } from './read-definition.ts';

const whole = `
apiVersion: flowline/v1
kind: Detector
metadata: { name: checkout-latency, labels: { team: sre } }
spec:
  source:
    kafka: { topic: orders.v2, format: json, startFrom: latest }
    time: { field: ts, unit: ms }
    eventId: id
  history: { query: "select * from orders", timeColumn: at, lookback: 30d, maxRows: 400000 }
  lookups:
    airports: { csv: airports.csv, key: iata }
    shops: { query: select * from shops, key: id }
  features:
    - { name: latency_ms, type: positive }
    - { name: amount, type: real, from: { asinh: order.amount } }
    - { name: method, type: categorical, maxLevels: 12 }
    - { name: rate, type: real, from: { lookup: { table: airports, key: origin, value: rate } } }
    - { name: hour, type: cyclic, from: ts, period: 1d }
    - { name: weekday, type: cyclic, from: { timePart: { of: ts, part: dayOfWeek, timezone: Europe/Paris } }, period: 7 }
    - { name: load, type: unit, role: context }
  missing: { nullable: [order.amount, load] }
  model: { family: realNVP, seed: 7, members: 3, budget: { maxMinutes: 2, steps: 900 }, calibration: { fraction: 0.3 } }
  training: { data: clean, schedule: "15 2 * * *", timezone: Europe/Paris, warmStart: true }
  decision: { test: density, control: { falseAlarms: 14/week } }
  alerts: { topic: alerts }
  retention: { scored: 2d, anomalies: 1w, precision: exact }
  compute: { backend: wasm-pool, threads: 2, training: engine }
`;

const least = `
apiVersion: flowline/v1
kind: Detector
metadata: { name: least }
spec:
  source: { time: { field: at.ms, unit: iso } }
  history: { query: select 1 }
  features: [{ name: x, type: real }]
  training: { data: unlabelled }
  decision: { control: { alpha: 1.0e-3 } }
`;

const airports = () => 'iata,rate\nJFK,1.5\n';

const findings = (text: string): string[] => {
  try {
    parseDetector(text, 'detector.yaml', airports);
  } catch (error) {
    expect(error).toMatchObject({ code: 'FLOWLINE_CONFIG_INVALID', where: 'detector.yaml' });
    return (error as FlowlineError).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
};

/** Findings for `least` (or another document) after one text in it is replaced by another. */
const after = (replaced: string, by: string, text = least) => {
  expect(text).toContain(replaced);
  return findings(text.replace(replaced, by));
};

describe('parseDetector', () => {
  it('resolves every part of a detector', () => {
    expect(parseDetector(whole, 'detector.yaml', airports)).toEqual({
      name: 'checkout-latency',
      labels: { team: 'sre' },
      source: {
        kafka: { topic: 'orders.v2', format: 'json', startFrom: 'latest' },
        time: { field: 'ts', unit: 'ms' },
        key: null,
        eventId: 'id',
        deduplicate: { enabled: true, windowMs: 86_400_000, maxIds: 1_000_000 },
      },
      history: { query: 'select * from orders', timeColumn: 'at', lookbackMs: 2_592_000_000, maxRows: 400_000 },
      lookups: {
        airports: { table: { key: 'iata', rows: { JFK: { iata: 'JFK', rate: 1.5 } } } },
        shops: { query: 'select * from shops', key: 'id' },
      },
      features: [
        feature('latency_ms', 'positive'),
        feature('amount', 'real', { from: { asinh: 'order.amount' }, nullable: true }),
        feature('method', 'categorical', { maxLevels: 12 }),
        feature('rate', 'real', { from: { lookup: { table: 'airports', key: 'origin', value: 'rate' } } }),
        feature('hour', 'cyclic', { from: 'ts', role: 'context', period: 86_400_000 }),
        feature('weekday', 'cyclic', {
          from: { timePart: { of: 'ts', part: 'dayOfWeek', timezone: 'Europe/Paris' } },
          role: 'context',
          period: 7,
        }),
        feature('load', 'unit', { role: 'context', nullable: true }),
      ],
      model: {
        family: 'realNVP',
        seed: 7,
        members: 3,
        base: 'normal',
        budget: { maxMinutes: 2, steps: 900 },
        calibration: { fraction: 0.3 },
      },
      training: {
        data: 'clean',
        schedule: '15 2 * * *',
        timezone: 'Europe/Paris',
        jitterMs: null,
        recalibrateMs: null,
        triggers: { drift: false, newRows: null },
        firstModelRows: 5_000,
        promote: 'auto',
        warmStart: true,
      },
      decision: { test: 'density', control: { falseAlarmsPerDay: 2 } },
      alerts: alerts({ topic: 'alerts' }),
      compute: { backend: 'wasm-pool', threads: 2, training: 'engine' },
      retention: {
        scoredMs: 172_800_000,
        anomaliesMs: 604_800_000,
        deadLettersMs: 7_776_000_000,
        sample: 1,
        precision: 'exact',
      },
    });
  });

  it('begins at a time with its zone', () => {
    const startFrom = (written: string) =>
      parseDetector(whole.replace('startFrom: latest', `startFrom: ${written}`), 'detector.yaml', airports).source.kafka
        ?.startFrom;
    expect(startFrom('{ timestamp: 2026-01-01T00:00:00Z }')).toEqual({ timestampMs: Date.UTC(2026, 0, 1) });
    expect(startFrom('{ timestamp: "2026-01-01T02:30+02:30" }')).toEqual({ timestampMs: Date.UTC(2026, 0, 1) });
    expect(startFrom('{ timestamp: "2025-12-31T23:59:60,5Z" }')).toEqual({ timestampMs: Date.UTC(2026, 0, 1) + 500 });
    for (const text of ['2026-02-30T00:00:00Z', '2026-01-01', '2026-01-01T00:00:00+9']) {
      expect(after('startFrom: latest', `startFrom: { timestamp: "${text}" }`, whole)[0]).toContain(`found "${text}"`);
    }
    expect(after('startFrom: latest', 'startFrom: { timestamp: 2026-01-01T00:00 }', whole)[0]).toContain(
      'spec.source.kafka.startFrom.timestamp (line 7): found "2026-01-01T00:00" — expected a time with its zone',
    );
    expect(after('startFrom: latest', 'startFrom: yesterday', whole)[0]).toContain('expected earliest, latest, or');
  });

  it('takes stored events for history, where a topic is read', () => {
    const written = 'history: { query: "select * from orders", timeColumn: at, lookback: 30d, maxRows: 400000 }';
    const stored = whole.replace(written, 'history: { from: scored_events, lookback: 30d }');
    expect(parseDetector(stored, 'detector.yaml', airports).history).toMatchObject({ query: null, maxRows: 500_000 });
    expect(after('history: { query: select 1 }', 'history: { from: scored_events }')[0]).toContain(
      'spec.history.from (line 7): without source.kafka no event is stored before there is a model',
    );
    expect(after('history: { query: select 1 }', 'history: { lookback: 30d }')[0]).toContain('neither query nor from');
    expect(after(written, 'history: { from: scored_events, timeColumn: at }', whole)[0]).toContain('remove it');
  });

  it('bounds what is remembered of event ids', () => {
    const documentWith = (written: string) =>
      whole.replace('eventId: id\n', `eventId: id\n    deduplicate: ${written}\n`);
    const read = (written: string) =>
      parseDetector(documentWith(written), 'detector.yaml', airports).source.deduplicate;
    expect(read('{ window: 3h, maxIds: 20000 }')).toEqual({ enabled: true, windowMs: 10_800_000, maxIds: 20_000 });
    expect(read('{ enabled: false }')).toMatchObject({ enabled: false, windowMs: 86_400_000 });
    expect(() => read('{ window: 31d }')).toThrow(/spec\.source\.deduplicate\.window/);
    expect(() => read('{ maxIds: 9999 }')).toThrow(/spec\.source\.deduplicate\.maxIds/);
    expect(() => read('{ window: soon }')).toThrow(/expected a duration/);
  });

  it('takes members of several families, and bases with their parameters', () => {
    const modelOf = (written: string) =>
      parseDetector(least.replace('history:', `model: ${written}\n  history:`), 'detector.yaml').model;
    expect(modelOf('{ members: [realNVP, maf, gaussian], base: mixture }')).toMatchObject({
      ...{ family: 'realNVP', members: ['realNVP', 'maf', 'gaussian'], base: 'mixture' },
    });
    expect(modelOf('{ base: { mixture: 8 } }').base).toEqual({ mixture: 8 });
    expect(modelOf('{ base: { studentT: 2.5 } }').base).toEqual({ studentT: 2.5 });
    for (const [written, finding] of [
      ['{ members: 9 }', 'spec.model.members (line 7): found 9 — expected at most 8'],
      ['{ members: [realNVP, auto] }', 'expected a whole number from 1 to 8, or a list of up to 8 of realNVP, glow'],
      ['{ members: [] }', 'spec.model.members (line 7)'],
      ['{ base: { mixture: 33 } }', 'spec.model.base.mixture (line 7): found 33 — expected at most 32'],
      ['{ base: [mixture] }', 'expected normal, mixture, studentT, { mixture: 1 to 32 components }'],
      ['{ base: cauchy }', 'spec.model.base (line 7): found "cauchy"'],
      [
        '{ family: maf, members: [maf, glow] }',
        'spec.model.family (line 7): found maf beside members that name their families — leave family out',
      ],
      ['{ family: auto, base: mixture }', 'spec.model.base (line 7): auto chooses the base, too — leave base out'],
      [
        '{ family: gaussian, base: studentT }',
        'spec.model.base (line 7): gaussian: fitted without a flow — leave base out',
      ],
      ['{ members: [mixture, gaussian], base: mixture }', 'mixture and gaussian: fitted without a flow'],
    ] as const) {
      expect(after('history:', `model: ${written}\n  history:`)[0]).toContain(finding);
    }
  });

  it('fills in every default', () => {
    expect(parseDetector(least, 'detector.yaml')).toEqual({
      name: 'least',
      labels: {},
      source: {
        ...{ kafka: null, time: { field: 'at.ms', unit: 'iso' }, key: null, eventId: null },
        deduplicate: { enabled: true, windowMs: 86_400_000, maxIds: 1_000_000 },
      },
      history: { query: 'select 1', timeColumn: 'at.ms', lookbackMs: null, maxRows: 500_000 },
      lookups: {},
      features: [feature('x', 'real')],
      model: {
        family: 'realNVP',
        seed: 1,
        members: 1,
        base: 'normal',
        budget: { maxMinutes: 10, steps: null },
        calibration: { fraction: 0.2 },
      },
      training: {
        ...{ data: 'unlabelled', schedule: null, timezone: 'UTC', jitterMs: null, recalibrateMs: null },
        ...{ triggers: { drift: false, newRows: null }, firstModelRows: 5_000, promote: 'auto', warmStart: false },
      },
      decision: { test: 'density', control: { alpha: 1e-3 } },
      alerts: alerts(),
      compute: { backend: 'auto', threads: null, training: 'auto' },
      retention: {
        scoredMs: 2_592_000_000,
        anomaliesMs: 34_560_000_000,
        deadLettersMs: 7_776_000_000,
        sample: 1,
        precision: 'compact',
      },
    });
  });

  it('knows that the past of an entity may be missing, whatever the window', () => {
    const text = least.replace('source: {', 'source: { key: [shop, till],').replace(
      '{ name: x, type: real }',
      `{ name: x, type: real },
    { name: change, type: real, from: { difference: [x, { lag: { of: x } }] } },
    { name: recent, type: integer, from: { rolling: { statistic: count, over: 1h } } }`,
    );
    const { source, features } = parseDetector(text, 'detector.yaml');
    expect(source.key).toEqual(['shop', 'till']);
    expect(features.map(({ nullable }) => nullable)).toEqual([false, true, true]);
  });

  it('gives a definition that is read back from JSON as it was', () => {
    const definition = parseDetector(whole, 'detector.yaml', airports);
    expect(readDefinition(JSON.parse(JSON.stringify(definition)), 'checkout-latency')).toEqual(definition);
  });

  it('lists every problem of the shape at once, with its line and what was meant', () => {
    const text = least
      .replace('kind: Detector', 'kind: Detecto')
      .replace('unit: iso', 'unti: iso')
      .replace('alpha: 1.0e-3', 'alpha: 0.7')
      .replace('type: real', 'type: reel, colour: red');
    expect(findings(text)).toEqual([
      'kind (line 3): found "Detecto" — expected Detector; did you mean "Detector"?',
      'spec.source.time.unit (line 6): required, but absent — expected one of ms, s, us, iso',
      'spec.source.time.unti (line 6): unknown key — did you mean "unit"? Rename or remove it',
      'spec.features[0].type (line 8): found "reel" — expected one of real, positive, integer, unit, categorical, boolean, cyclic; did you mean "real"?',
      'spec.features[0].colour (line 8): unknown key — remove it; known here: name, type, from, period, role, maxLevels',
      'spec.decision.control.alpha (line 10): found 0.7 — expected less than 0.5',
    ]);
  });

  it('says where a key belongs that is known in one other place', () => {
    expect(findings(least.replace('type: real', 'type: real, nullable: true'))).toEqual([
      'spec.features[0].nullable (line 8): unknown key — remove it; nullable belongs under spec.missing; known here: name, type, from, period, role, maxLevels',
    ]);
  });

  it('lists every problem between the parts at once', () => {
    const text = whole
      .replace('name: amount', 'name: latency_ms')
      .replace('table: airports', 'table: airport')
      .replace(', period: 1d', '')
      .replace('timezone: Europe/Paris } }, period', 'timezone: Europe/Pari } }, period')
      .replace('period: 7', 'period: 7, role: score')
      .replace('nullable: [order.amount, load]', 'nullable: [order.amuont]')
      .replace('schedule: "15 2 * * *", timezone: Europe/Paris', 'timezone: Paris')
      .replace('falseAlarms: 14/week', 'falseAlarms: 2/day, alpha: 0.001')
      .replace('type: unit', 'type: unit, maxLevels: 3, period: 2')
      .replace('csv: airports.csv', 'query: x, csv: airports.csv')
      .replace('scored: 2d', 'scored: 0d');
    expect(findings(text).map((line) => line.replace(/ — .*/, ''))).toEqual([
      'spec.training.timezone (line 24): "Paris" is not a time zone',
      'spec.lookups.airports (line 12): both query and csv',
      'spec.features[1].name (line 16): "latency_ms" is already the name of features[0]',
      'spec.features[3].from (line 18): no lookup table is called "airport"',
      'spec.features[4].period (line 19): required for type cyclic, but absent',
      'spec.features[5].role (line 20): a cyclic feature conditions the density and is not scored',
      'spec.features[5].from (line 20): "Europe/Pari" is not a time zone',
      'spec.features[6].period (line 21): type unit has no period',
      'spec.features[6].maxLevels (line 21): type unit has no levels to count',
      'spec.missing.nullable[0] (line 22): no feature and no column of one is called "order.amuont"',
      'spec.decision.control (line 25): both falseAlarms and alpha',
      'spec.retention.scored (line 27): found "0d"',
    ]);
  });

  it.each([
    [
      '{ name: x, type: real }',
      '{ name: x, type: real, from: { lg: y } }',
      'spec.features[0].from.lg (line 8): unknown key — did you mean "log"? Rename or remove it',
    ],
    [
      '{ name: x, type: real }',
      '{ name: x, type: real, from: { log: { ratio: [a] } } }',
      'spec.features[0].from.log.ratio (line 8): found a list — expected at least 2 items',
    ],
    [
      '{ name: x, type: real }',
      '{ name: x, type: real, from: 3 }',
      'spec.features[0].from (line 8): found 3 — expected a column or one of log, asinh, difference, ratio, haversine, lookup, timePart, lag, rolling',
    ],
    [
      '{ name: x, type: real }',
      '{ name: x, type: real, role: context }',
      'spec.features (line 8): no feature is numeric and scored — give at least one feature of type real, positive, integer or unit the role score',
    ],
    [
      '{ name: x, type: real }',
      '{ name: x, type: boolean }',
      'spec.features (line 8): no feature is numeric and scored — give at least one feature of type real, positive, integer or unit the role score',
    ],
    [
      '{ name: x, type: real }',
      '{ name: x, type: positive, from: { log: y } }',
      'spec.features[0].from (line 8): type positive on a scale of its own (log) — write type: real, or leave out log',
    ],
    [
      '{ name: x, type: real }',
      '{ name: x, type: real, from: { lag: { of: x } } }',
      'spec.features[0].from (line 8): a window without an entity — name the fields of the entity under spec.source.key',
    ],
    [
      '{ name: x, type: real }',
      '{ name: x, type: real, from: { rolling: { of: { lag: { of: x } }, statistic: mean, over: 10m } } }',
      'spec.features[0].from (line 8): a window over a window — write it over a field, or over a value derived from one event',
    ],
    [
      '{ name: x, type: real }',
      '{ name: x, type: real, from: { rolling: { statistic: mean, over: 10m } } }',
      'spec.features[0].from (line 8): a rolling mean of nothing — name a field under of; only a count needs none',
    ],
    [
      '{ name: x, type: real }',
      '{ name: x, type: real, from: { rolling: { of: x, statistic: mean, over: 0s } } }',
      'spec.features[0].from (line 8): found over: "0s" — expected a duration longer than zero, or a number of events',
    ],
    ['[{ name: x, type: real }]', '[]', 'spec.features (line 8): found a list — expected at least 1 items'],
    [
      '{ alpha: 1.0e-3 }',
      '{ alpha: 1.0e-3, fdr: 0.05 }',
      'spec.decision.control (line 10): both alpha and fdr — write exactly one, such as falseAlarms: 2/day',
    ],
    ['{ alpha: 1.0e-3 }', '{ fdr: 0 }', 'spec.decision.control.fdr (line 10): found 0 — expected at least 0.001'],
    [
      'training: { data: unlabelled }',
      'training: { data: unlabelled, jitter: 25h }',
      'spec.training.jitter (line 9): found "25h" — expected at most 1d',
    ],
    [
      'training: { data: unlabelled }',
      'training: { data: unlabelled, recalibrate: 30m }',
      'spec.training.recalibrate (line 9): found "30m" — expected at least 1h',
    ],
    [
      '{ alpha: 1.0e-3 }',
      '{}',
      'spec.decision.control (line 10): none of falseAlarms, alpha and fdr — write exactly one, such as falseAlarms: 2/day',
    ],
    [
      '{ alpha: 1.0e-3 }',
      '{ falseAlarms: 0/day }',
      'spec.decision.control.falseAlarms (line 10): found "0/day" — expected a rate above zero: a detector that may never be wrong never alerts',
    ],
    [
      'name: least',
      'name: Least One',
      'metadata.name (line 4): found "Least One" — expected lower-case letters, digits and hyphens, at most 63',
    ],
    ['kind: Detector', 'kind: [', 'line 4, column 1: '],
    [
      'kind: Detector',
      'kind: Detector\nkind: Detector',
      'line 4, column 1: Map keys must be unique — correct the YAML here',
    ],
  ])('says what is wrong with %s → %s', (replaced, by, finding) => {
    expect(after(replaced, by)[0]).toContain(finding);
  });

  it('says that a text is no detector', () => {
    expect(findings('just text')).toEqual(['(the document): found "just text" — expected object']);
    expect(findings('')[0]).toContain('(the document)');
  });

  it('resolves the durations of alerts, also of nested options', () => {
    const written = 'topic: alerts, cooldown: 1h, minEvents: { count: 3, within: 5m }, storm: { window: 90s }';
    expect(parseDetector(whole.replace('topic: alerts', written), 'detector.yaml', airports).alerts).toEqual(
      alerts({
        ...{ topic: 'alerts', cooldownMs: 3_600_000, minEvents: { count: 3, withinMs: 300_000 } },
        storm: { alerts: 50, windowMs: 90_000 },
      }),
    );
    expect(after('topic: alerts', 'topic: alerts, storm: { window: 0s }', whole)).toEqual([
      'spec.alerts.storm.window (line 26): found "0s" — expected a duration longer than zero',
    ]);
  });

  it('bounds the effects of numeric features, in units or in widths of the expected range', () => {
    const bounds = 'direction: { latency_ms: up }, minEffect: { latency_ms: { units: 50 }, amount: { ofRange: 2 } }';
    expect(
      parseDetector(whole.replace('topic: alerts', `topic: alerts, ${bounds}`), 'detector.yaml', airports).alerts,
    ).toMatchObject({ direction: { latency_ms: 'up' }, minEffect: { amount: { ofRange: 2 } } });
    expect(after('topic: alerts', 'topic: alerts, direction: { latency_m: up, method: down }', whole)).toEqual([
      'spec.alerts.direction.latency_m (line 26): no numeric feature is called "latency_m" — did you mean "latency_ms"?',
      'spec.alerts.direction.method (line 26): no numeric feature is called "method" — name one of latency_ms, amount, rate, load',
    ]);
    expect(after('topic: alerts', 'topic: alerts, minEffect: { amount: { unit: 2 } }', whole)).toEqual([
      'spec.alerts.minEffect.amount.unit (line 26): unknown key — did you mean "units"? Rename or remove it',
    ]);
  });

  it('watches a stream, or its entities, for absence', () => {
    const keyed = whole.replace('eventId: id', 'eventId: id\n    key: [host]');
    const watched = (written: string) =>
      parseDetector(keyed.replace('topic: alerts', `topic: alerts, absence: ${written}`), 'd.yaml', airports).alerts
        .absence;
    const defaults = { alertAfterMs: null, per: 'detector', severity: 'major', forgetAfterMs: 604_800_000 };
    expect(watched('{ expectEvery: 1m }')).toEqual({ expectEveryMs: 60_000, ...defaults });
    expect(watched('{ expectEvery: 1m, alertAfter: 5m, per: entity, severity: info, forgetAfter: 1d }')).toEqual({
      ...{ expectEveryMs: 60_000, alertAfterMs: 300_000, per: 'entity', severity: 'info', forgetAfterMs: 86_400_000 },
    });
    expect(watched('{ expectEvery: auto }')).toEqual({ expectEveryMs: 'auto', ...defaults });
    expect(watched('{ expectEvery: auto, alertAfter: 5m, per: entity }')).toEqual({
      ...{ ...defaults, expectEveryMs: 'auto', alertAfterMs: 300_000, per: 'entity' },
    });
    expect(alertAfterMsOf({ expectEveryMs: 60_000, alertAfterMs: null })).toBe(90_000);
    const refused = (written: string, text = whole) =>
      after('topic: alerts', `topic: alerts, absence: ${written}`, text).map((line) =>
        line.replace(/ \(line.*?\)/, ''),
      );
    expect(refused('{ expectEvery: 2m, alertAfter: 90s, per: entity }')).toEqual([
      'spec.alerts.absence.per: without source.key there are no entities — name the key, or write per: detector',
      'spec.alerts.absence.alertAfter: 90s is shorter than expectEvery, 2m — write expectEvery or longer',
    ]);
    expect(refused('{ expectEvery: 1m, per: entity, forgetAfter: 90s }', keyed)).toEqual([
      'spec.alerts.absence.forgetAfter: an entity would be forgotten before its alert opens — write longer than alertAfter',
    ]);
    expect(refused('{ expectEvery: 1s, alertAfter: 31d }')).toEqual([
      'spec.alerts.absence.expectEvery: found 1s — expected 2s to 7d',
      'spec.alerts.absence.alertAfter: found 31d — expected at most 30d',
    ]);
    expect(refused('{ expectEvery: auto, alertAfter: 31d }')).toEqual([
      'spec.alerts.absence.alertAfter: found 31d — expected at most 30d',
    ]);
    expect(refused('{ expectEvery: auto, alertAfter: 8d, per: entity }', keyed)).toEqual([
      'spec.alerts.absence.forgetAfter: an entity would be forgotten before its alert opens — write longer than alertAfter',
    ]);
    const stored = least
      .replace('source: {', 'source: { kafka: { topic: t },')
      .replace('query: select 1', 'from: scored_events');
    const learned = `${stored}  alerts: { absence: { expectEvery: auto } }\n`;
    expect(findings(learned)).toEqual([]);
    expect(findings(`${learned}  retention: { sample: 0.5 }\n`)).toEqual([
      expect.stringContaining(
        'the gaps between all events are not those of a sample (retention.sample) — keep all events, or write a duration',
      ),
    ]);
    expect(refused('{ expectEvery: never }')[0]).toContain('expected a duration such as 30d, 12h or 90s, or auto');
    expect(refused('{ alertAfter: 1m }')[0]).toContain('spec.alerts.absence.expectEvery');
    expect(findings(`${least}  alerts: { absence: { expectEvery: 1m } }\n`)).toEqual([
      expect.stringContaining('without source.kafka no stream is watched — name a topic, or remove it'),
    ]);
  });

  it('takes the tests that there are, and no other', () => {
    expect(after('test: density', 'test: combined', whole)).toEqual([]);
    expect(after('test: density', 'test: typical', whole)).toEqual([
      'spec.decision.test (line 25): found "typical" — expected one of density, outlying, combined',
    ]);
  });
});

describe('loadDetectorFile', () => {
  it('reads CSV files relative to the detector, and tells which file is missing', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'flowline-detector-'));
    const file = path.join(folder, 'detector.yaml');
    writeFileSync(file, whole);
    await expect(loadDetectorFile(file)).rejects.toMatchObject({
      code: 'FLOWLINE_CONFIG_INVALID',
      message: expect.stringMatching(/spec\.lookups\.airports\.csv \(line \d+\): .*airports\.csv cannot be read/),
    });
    writeFileSync(path.join(folder, 'airports.csv'), airports());
    expect((await loadDetectorFile(file)).lookups).toMatchObject({ airports: { table: { key: 'iata' } } });
    rmSync(folder, { recursive: true });
    await expect(loadDetectorFile(file)).rejects.toMatchObject({ code: 'FLOWLINE_FILE_UNREADABLE', where: file });
  });
});

describe('detectorJsonSchema', () => {
  it('knows the same keys as the check', () => {
    const schema = JSON.stringify(detectorJsonSchema());
    for (const key of ['falseAlarms', 'haversine', 'maxLevels', 'lookback']) expect(schema).toContain(`"${key}"`);
    expect(detectorJsonSchema()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      additionalProperties: false,
      required: ['apiVersion', 'kind', 'metadata', 'spec'],
    });
  });
});

function feature(name: string, type: string, change: object = {}): object {
  return { name, type, from: name, role: 'score', nullable: false, maxLevels: 64, period: null, ...change };
}

function alerts(change: object = {}): object {
  return {
    ...{ topic: 'flowline.alerts.v1', sinks: ['kafka'], groupBy: ['feature'] },
    minEvents: { count: 1, withinMs: 600_000 },
    ...{ cooldownMs: 1_800_000, resolveAfterMs: 900_000, mergeGapMs: 900_000, sendResolved: true, explainShare: 0.1 },
    ...{ direction: {}, minEffect: {}, absence: null },
    ...{ severity: { warning: 13.3, major: 16.6, critical: 19.9 }, storm: { alerts: 50, windowMs: 300_000 } },
    ...change,
  };
}
