import {
  DAY_MS,
  FlowlineError,
  type LookupTable,
  parseDurationMs,
  parseIsoTime,
  windowExpressions,
} from '@flowline/events';
import { isNode, LineCounter, parseDocument } from 'yaml';

import type { DetectorDefinition, FalseAlarmControl, LookupSource, StartFrom } from './detector-definition.ts';
import { detectorDocument, type DetectorDocument, detectorJsonSchema, RATE_PATTERN } from './detector-document.ts';
import { describeValue, documentFindings, valueAt } from './document-findings.ts';
import { configInvalid, type Finding, formatPath } from './finding.ts';
import { lookupFromCsv } from './lookup-csv.ts';
import { isTimezone, reporter, resolveFeatures } from './resolve-features.ts';
import { readSchedule } from './schedule.ts';

const DEFAULTS = {
  maxRows: 500_000,
  seed: 1,
  maxMinutes: 10,
  calibrationFraction: 0.2,
  timezone: 'UTC',
  alertTopic: 'flowline.alerts.v1',
  scoredMs: 30 * DAY_MS,
  anomaliesMs: 400 * DAY_MS,
  deadLettersMs: 90 * DAY_MS,
  sample: 1,
  firstModelRows: 5_000,
} as const;

const DAYS_PER = { hour: 1 / 24, day: 1, week: 7 } as const;

type Path = readonly PropertyKey[];
type Report = (path: Path, finding: string, remedy: string) => void;

/** Reads a file that a detector names (a CSV lookup), by the path written there. */
export type ReadText = (relativePath: string) => string;

const noFiles: ReadText = (relativePath) => {
  throw new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${relativePath}: a text without a folder cannot name files`, {
    remedy: 'Load the detector from its file.',
  });
};

/**
 * Parses a detector from YAML (or JSON) text: checks all of it, fills in every default and inlines
 * CSV lookups.
 * @param path the file's name in messages.
 * @param readText reads the files that the detector names.
 * @throws FlowlineError FLOWLINE_CONFIG_INVALID listing every finding; FLOWLINE_FILE_UNREADABLE.
 */
export function parseDetector(text: string, path: string, readText: ReadText = noFiles): DetectorDefinition {
  const { value, lineOf } = parseYaml(text, path);
  const checked = detectorDocument.safeParse(value);
  if (!checked.success) {
    const findings = documentFindings(checked.error.issues, value, detectorJsonSchema(), lineOf);
    throw configInvalid(path, path, findings, checked.error);
  }
  const findings: Finding[] = [];
  const report = reporter(findings, (at) => ({ path: formatPath(at), line: lineOf(at) }));
  const definition = resolve(checked.data, readText, report);
  if (findings.length > 0) throw configInvalid(path, path, findings);
  return definition;
}

function parseYaml(text: string, path: string): { value: unknown; lineOf: (at: Path) => number | undefined } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const findings = document.errors.map((error): Finding => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { path: `line ${line}, column ${col}`, finding: error.message, remedy: 'correct the YAML here' };
    });
    throw configInvalid(path, path, findings, document.errors[0]);
  }
  // An absent key has no line; its nearest present ancestor has one.
  const lineOf = (at: Path): number | undefined => {
    for (let length = at.length; length > 0; length--) {
      const node = document.getIn(at.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return undefined;
  };
  return { value: document.toJS({ maxAliasCount: 100 }), lineOf };
}

function resolve(document: DetectorDocument, readText: ReadText, report: Report): DetectorDefinition {
  const { metadata, spec } = document;
  const duration = (at: Path, otherwise: number): number => {
    const written = valueAt(document, at);
    if (typeof written !== 'string') return otherwise;
    const ms = parseDurationMs(written);
    if (ms === undefined) report(at, `found ${describeValue(written)}`, 'expected a duration longer than zero');
    return ms ?? otherwise;
  };
  const timezone = spec.training.timezone ?? DEFAULTS.timezone;
  if (!isTimezone(timezone)) {
    report(
      ['spec', 'training', 'timezone'],
      `"${timezone}" is not a time zone`,
      'name an IANA zone such as Europe/Paris',
    );
  }
  const schedule = spec.training.schedule === undefined ? null : readSchedule(spec.training.schedule);
  if (schedule?.schedule === null) {
    const finding = `"${spec.training.schedule ?? ''}" cannot be run: ${schedule.finding}`;
    report(['spec', 'training', 'schedule'], finding, schedule.remedy);
  }
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    source: {
      kafka:
        spec.source.kafka === undefined
          ? null
          : {
              topic: spec.source.kafka.topic,
              format: spec.source.kafka.format ?? 'json',
              startFrom: resolveStart(spec.source.kafka.startFrom ?? 'earliest', report),
            },
      time: spec.source.time,
      key: spec.source.key ?? null,
      eventId: spec.source.eventId ?? null,
    },
    history: {
      query: resolveHistory(spec, report),
      timeColumn: spec.history.timeColumn ?? spec.source.time.field,
      lookbackMs: spec.history.lookback === undefined ? null : duration(['spec', 'history', 'lookback'], DAY_MS),
      maxRows: spec.history.maxRows ?? DEFAULTS.maxRows,
    },
    lookups: resolveLookups(spec, readText, report),
    features: resolveFeatures(spec, report),
    model: {
      family: spec.model?.family ?? 'auto',
      seed: spec.model?.seed ?? DEFAULTS.seed,
      members: spec.model?.members ?? 1,
      budget: {
        maxMinutes: spec.model?.budget?.maxMinutes ?? DEFAULTS.maxMinutes,
        steps: spec.model?.budget?.steps ?? null,
      },
      calibration: { fraction: spec.model?.calibration?.fraction ?? DEFAULTS.calibrationFraction },
    },
    training: {
      data: spec.training.data,
      schedule: spec.training.schedule ?? null,
      timezone,
      firstModelRows: spec.training.firstModelRows ?? DEFAULTS.firstModelRows,
      promote: spec.training.promote ?? 'auto',
    },
    decision: { test: 'density', control: resolveControl(spec.decision.control, report) },
    alerts: { topic: spec.alerts?.topic ?? DEFAULTS.alertTopic },
    compute: { backend: spec.compute?.backend ?? 'auto', threads: spec.compute?.threads ?? null },
    retention: {
      scoredMs: duration(['spec', 'retention', 'scored'], DEFAULTS.scoredMs),
      anomaliesMs: duration(['spec', 'retention', 'anomalies'], DEFAULTS.anomaliesMs),
      deadLettersMs: duration(['spec', 'retention', 'deadLetters'], DEFAULTS.deadLettersMs),
      sample: spec.retention?.sample ?? DEFAULTS.sample,
    },
  };
}

/**
 * Zone at the end of a time. It is required: a local time would mean another moment on another
 * machine.
 */
const ZONE = /\d(Z|[+-]\d{2}(:?\d{2})?)$/i;

function resolveStart(written: 'earliest' | 'latest' | { readonly timestamp: string }, report: Report): StartFrom {
  if (typeof written === 'string') return written;
  const timestampMs = ZONE.test(written.timestamp.slice(10)) ? parseIsoTime(written.timestamp) : NaN;
  if (!(timestampMs >= 0)) {
    const at = ['spec', 'source', 'kafka', 'startFrom', 'timestamp'];
    report(
      at,
      `found ${describeValue(written.timestamp)}`,
      'expected a time with its zone, such as 2026-01-01T00:00:00Z',
    );
  }
  return { timestampMs };
}

function resolveHistory({ history, source, features }: DetectorDocument['spec'], report: Report): string | null {
  const at = ['spec', 'history'];
  if ((history.query === undefined) === (history.from === undefined)) {
    const finding = history.query === undefined ? 'neither query nor from' : 'both query and from';
    report(at, finding, 'write exactly one: query: "select …", or from: scored_events');
  }
  if (history.from !== undefined && history.timeColumn !== undefined) {
    report([...at, 'timeColumn'], 'stored events have their event time', 'remove it');
  }
  if (history.from !== undefined && source.kafka === undefined) {
    report([...at, 'from'], 'without source.kafka no event is stored before there is a model', 'write a query');
  }
  if (
    history.from !== undefined &&
    features.some(({ from }) => from !== undefined && windowExpressions(from).length > 0)
  ) {
    report(
      [...at, 'from'],
      'windows need events that were scored from the first on',
      'write a query, or leave the windows out',
    );
  }
  return history.query ?? null;
}

function resolveLookups(
  spec: DetectorDocument['spec'],
  readText: ReadText,
  report: Report,
): Record<string, LookupSource> {
  const resolved: Record<string, LookupSource> = {};
  for (const [name, lookup] of Object.entries(spec.lookups ?? {})) {
    const at = ['spec', 'lookups', name];
    if ((lookup.query === undefined) === (lookup.csv === undefined)) {
      const finding = lookup.query === undefined ? 'neither query nor csv' : 'both query and csv';
      report(at, finding, 'write exactly one of query and csv');
    } else if (lookup.query !== undefined) {
      resolved[name] = { query: lookup.query, key: lookup.key };
    } else if (lookup.csv !== undefined) {
      const table = readLookup(lookup.csv, lookup.key, readText, at, report);
      if (table !== undefined) resolved[name] = { table };
    }
  }
  return resolved;
}

function readLookup(csv: string, key: string, readText: ReadText, at: Path, report: Report): LookupTable | undefined {
  try {
    return lookupFromCsv(readText(csv), key, csv);
  } catch (error) {
    if (!(error instanceof FlowlineError)) throw error;
    report([...at, 'csv'], error.message, error.remedy ?? 'correct the file');
    return undefined;
  }
}

function resolveControl(control: DetectorDocument['spec']['decision']['control'], report: Report): FalseAlarmControl {
  const at = ['spec', 'decision', 'control'];
  const { alpha, falseAlarms } = control;
  if ((alpha === undefined) === (falseAlarms === undefined)) {
    const finding = alpha === undefined ? 'neither falseAlarms nor alpha' : 'both falseAlarms and alpha';
    report(at, finding, 'write exactly one, such as falseAlarms: 2/day');
  }
  if (alpha !== undefined) return { alpha };
  const [, amount, unit] = RATE_PATTERN.exec(falseAlarms ?? '') ?? [];
  const days = unit === 'hour' || unit === 'day' || unit === 'week' ? DAYS_PER[unit] : 1;
  const falseAlarmsPerDay = Number(amount ?? 0) / days;
  if (falseAlarms !== undefined && !(falseAlarmsPerDay > 0)) {
    report(
      [...at, 'falseAlarms'],
      `found "${falseAlarms}"`,
      'expected a rate above zero: a detector that may never be wrong never alerts',
    );
  }
  return { falseAlarmsPerDay };
}
