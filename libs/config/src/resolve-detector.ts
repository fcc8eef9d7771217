import { DAY_MS, parseDurationMs, parseIsoTime, windowExpressions } from '@flowline/events';
import type { z } from 'zod';

import { checkModel } from './check-model.ts';
import {
  alertAfterMsOf,
  definitionSchema,
  type FalseAlarmControl,
  FORGET_AFTER_MS,
  LEARNED,
  MAX_DEDUPLICATE_MS,
} from './detector-definition.ts';
import { type DetectorDocument, RATE_PATTERN } from './detector-document.ts';
import { describeValue } from './document-findings.ts';
import type { Report } from './finding.ts';
import { nearest } from './nearest.ts';
import { isTimezone, resolveFeatures } from './resolve-features.ts';
import { type ReadText, resolveLookups } from './resolve-lookups.ts';
import { readSchedule } from './schedule.ts';
import { resolved } from './written-options.ts';

type StartFrom = NonNullable<z.input<typeof definitionSchema>['source']['kafka']>['startFrom'];

const DAYS_PER = { hour: 1 / 24, day: 1, week: 7 } as const;

/**
 * Resolves what people write differently from a definition (durations, rates, times, derived
 * defaults), checks the rules between the parts, and reports every finding. Other options keep
 * their values; their defaults are those of the definition's schema.
 */
export function resolveDetector(
  { metadata, spec }: DetectorDocument,
  readText: ReadText,
  report: Report,
): z.input<typeof definitionSchema> {
  const { source, history, model, training, decision, alerts = {}, compute, retention = {} } = spec;
  const durations =
    (section: string) =>
    (written: string, path: readonly string[]): number => {
      const ms = parseDurationMs(written);
      if (ms === undefined) {
        report(['spec', section, ...path], `found ${describeValue(written)}`, 'expected a duration longer than zero');
      }
      return ms ?? NaN;
    };
  checkSchedule(training, report);
  checkJitter(training, report);
  checkRecalibration(training, report);
  checkEffects(spec, report);
  checkAbsence(spec, report);
  checkWindow(source, report);
  checkModel(model, report);
  return {
    ...metadata,
    source: {
      ...resolved(definitionSchema.shape.source, source, durations('source')),
      kafka: source.kafka && { ...source.kafka, startFrom: resolveStart(source.kafka.startFrom, report) },
    },
    history: {
      ...resolved(definitionSchema.shape.history, history, durations('history')),
      query: resolveHistory(spec, report),
      timeColumn: history.timeColumn ?? source.time.field,
    },
    lookups: resolveLookups(spec, readText, report),
    features: resolveFeatures(spec, report),
    model,
    training: resolved(definitionSchema.shape.training, training, durations('training')),
    decision: { ...decision, control: resolveControl(decision.control, report) },
    alerts: resolved(definitionSchema.shape.alerts.unwrap(), alerts, durations('alerts')),
    compute,
    retention: resolved(definitionSchema.shape.retention.unwrap(), retention, durations('retention')),
  };
}

function checkSchedule({ timezone, schedule }: DetectorDocument['spec']['training'], report: Report): void {
  const at = ['spec', 'training'];
  if (timezone !== undefined && !isTimezone(timezone)) {
    report([...at, 'timezone'], `"${timezone}" is not a time zone`, 'name an IANA zone such as Europe/Paris');
  }
  const read = typeof schedule === 'string' ? readSchedule(schedule) : null;
  if (read?.schedule === null) {
    report([...at, 'schedule'], `"${schedule}" cannot be run: ${read.finding}`, read.remedy);
  }
}

/** Checks that the runs of a schedule begin within a day of it. */
function checkJitter({ jitter }: DetectorDocument['spec']['training'], report: Report): void {
  if ((parseDurationMs(jitter ?? '') ?? 0) <= DAY_MS) return;
  report(['spec', 'training', 'jitter'], `found ${describeValue(jitter)}`, 'expected at most 1d');
}

/** Checks that recalibrations are at least an hour apart. */
function checkRecalibration({ recalibrate }: DetectorDocument['spec']['training'], report: Report): void {
  if ((parseDurationMs(recalibrate ?? '') ?? DAY_MS) >= DAY_MS / 24) return;
  report(['spec', 'training', 'recalibrate'], `found ${describeValue(recalibrate)}`, 'expected at least 1h');
}

/** Checks that ids are not to be remembered for longer than is possible. */
function checkWindow({ deduplicate }: DetectorDocument['spec']['source'], report: Report): void {
  const { window } = deduplicate ?? {};
  if ((parseDurationMs(window ?? '') ?? 0) <= MAX_DEDUPLICATE_MS) return;
  const at = ['spec', 'source', 'deduplicate', 'window'];
  report(at, `found ${describeValue(window)}`, 'expected at most 30d');
}

/** Checks that bounds on effects name numeric features. */
function checkEffects({ alerts = {}, features }: DetectorDocument['spec'], report: Report): void {
  const numeric = features.filter(({ type }) => NUMERIC_TYPES.includes(type)).map(({ name }) => name);
  for (const option of ['direction', 'minEffect'] as const) {
    for (const name of Object.keys(alerts[option] ?? {})) {
      if (numeric.includes(name)) continue;
      const guess = nearest(name, numeric);
      const remedy = guess === undefined ? `name one of ${numeric.join(', ')}` : `did you mean "${guess}"?`;
      report(['spec', 'alerts', option, name], `no numeric feature is called "${name}"`, remedy);
    }
  }
}

/** Shortest interval at which events may be expected: silences are looked for every half second. */
const LEAST_EXPECTED_MS = 2_000;

/** Checks that a silence can be noticed: of which stream, of which entities, and in which order. */
function checkAbsence({ alerts = {}, source, history, retention }: DetectorDocument['spec'], report: Report): void {
  const { absence } = alerts;
  if (absence === undefined || absence === null) return;
  const at = ['spec', 'alerts', 'absence'];
  if (source.kafka === undefined) report(at, 'without source.kafka no stream is watched', 'name a topic, or remove it');
  if (absence.per === 'entity' && source.key === undefined) {
    report([...at, 'per'], 'without source.key there are no entities', 'name the key, or write per: detector');
  }
  const msOf = (text: string | undefined): number | null =>
    text === undefined ? null : (parseDurationMs(text) ?? null);
  const isLearned = absence.expectEvery === LEARNED;
  if (isLearned && history.from !== undefined && (retention?.sample ?? 1) < 1) {
    const finding = 'the gaps between all events are not those of a sample (retention.sample)';
    report([...at, 'expectEvery'], finding, 'keep all events, or write a duration');
  }
  // A learned interval is not known yet: nothing is shorter.
  const expectEveryMs = isLearned ? 0 : msOf(absence.expectEvery);
  if (expectEveryMs === null) return;
  if (!isLearned && (expectEveryMs < LEAST_EXPECTED_MS || expectEveryMs > 7 * DAY_MS)) {
    report([...at, 'expectEvery'], `found ${absence.expectEvery}`, 'expected 2s to 7d');
  }
  const alertAfterMs = alertAfterMsOf({ expectEveryMs, alertAfterMs: msOf(absence.alertAfter) });
  if (alertAfterMs < expectEveryMs) {
    const finding = `${absence.alertAfter ?? ''} is shorter than expectEvery, ${absence.expectEvery}`;
    report([...at, 'alertAfter'], finding, 'write expectEvery or longer');
  }
  if (alertAfterMs > 30 * DAY_MS) {
    report([...at, 'alertAfter'], `found ${absence.alertAfter ?? ''}`, 'expected at most 30d');
  }
  if (absence.per === 'entity' && (msOf(absence.forgetAfter) ?? FORGET_AFTER_MS) <= alertAfterMs) {
    const finding = 'an entity would be forgotten before its alert opens';
    report([...at, 'forgetAfter'], finding, 'write longer than alertAfter');
  }
}

/** Types of features with an expected range. */
const NUMERIC_TYPES: readonly string[] = ['real', 'positive', 'integer', 'unit'];

/**
 * Zone at the end of a time. It is required: a local time would mean another moment on another
 * machine.
 */
const ZONE = /\d(Z|[+-]\d{2}(:?\d{2})?)$/i;

function resolveStart(
  written: NonNullable<DetectorDocument['spec']['source']['kafka']>['startFrom'],
  report: Report,
): StartFrom {
  if (written === undefined || typeof written === 'string') return written;
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

function resolveControl(control: DetectorDocument['spec']['decision']['control'], report: Report): FalseAlarmControl {
  const at = ['spec', 'decision', 'control'];
  const { alpha, falseAlarms, fdr } = control;
  const options = Object.entries({ falseAlarms, alpha, fdr });
  const given = options.flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (given.length !== 1) {
    const finding = given.length === 0 ? 'none of falseAlarms, alpha and fdr' : `both ${given.join(' and ')}`;
    report(at, finding, 'write exactly one, such as falseAlarms: 2/day');
  }
  if (alpha !== undefined) return { alpha };
  if (fdr !== undefined) return { fdr };
  const falseAlarmsPerDay = falseAlarms === undefined ? NaN : perDay(falseAlarms);
  if (falseAlarms !== undefined && !(falseAlarmsPerDay > 0 && falseAlarmsPerDay < Infinity)) {
    report(
      [...at, 'falseAlarms'],
      `found "${falseAlarms}"`,
      'expected a rate above zero: a detector that may never be wrong never alerts',
    );
  }
  return { falseAlarmsPerDay };
}

/** Number per day of a rate such as `14/week`; NaN for any other text. */
function perDay(rate: string): number {
  const [, amount, unit] = RATE_PATTERN.exec(rate) ?? [];
  const days = unit === 'hour' || unit === 'day' || unit === 'week' ? DAYS_PER[unit] : NaN;
  return Number(amount) / days;
}
