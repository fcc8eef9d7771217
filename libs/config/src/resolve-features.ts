import { type Expression, type featureSchema, operandsOf, parseDurationMs, windowExpressions } from '@flowline/events';
import type { z } from 'zod';

import type { DetectorDocument } from './detector-document.ts';
import { expressionNames } from './expression-names.ts';
import type { Path, Report } from './finding.ts';
import { nearest } from './nearest.ts';

type FeatureDocument = DetectorDocument['spec']['features'][number];
/** A feature in its resolved form, before defaults. */
type FeatureOptions = z.input<typeof featureSchema>;

/**
 * True if this runtime knows the time zone. A runtime without full time zone data may not: that
 * becomes a finding here instead of an error at the first event.
 */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * Resolves the features and the defaults that follow from other options, checks the rules between
 * them, and reports every finding.
 */
export function resolveFeatures(spec: DetectorDocument['spec'], report: Report): FeatureOptions[] {
  const nullable = new Set(spec.missing?.nullable ?? []);
  const used = new Set<string>();
  const firstAt = new Map<string, number>();
  const features = spec.features.map((feature, index) => {
    const at = ['spec', 'features', index] as const;
    const first = firstAt.get(feature.name);
    if (first === undefined) firstAt.set(feature.name, index);
    else report([...at, 'name'], `"${feature.name}" is already the name of features[${first}]`, 'give it another name');
    const resolved = resolveFeature(feature, nullable);
    for (const name of [feature.name, ...expressionNames(resolved.from).columns]) used.add(name);
    checkType(feature, at, report);
    checkNames(feature, spec.lookups ?? {}, at, report);
    checkWindows(resolved, spec.source.key !== undefined, at, report);
    return resolved;
  });
  for (const [index, name] of (spec.missing?.nullable ?? []).entries()) {
    if (used.has(name)) continue;
    const guess = nearest(name, [...used]);
    report(
      ['spec', 'missing', 'nullable', index],
      `no feature and no column of one is called "${name}"`,
      guess === undefined ? `name one of ${[...used].join(', ')}` : `did you mean "${guess}"?`,
    );
  }
  if (!features.some(({ role, type }) => role === 'score' && type !== 'categorical' && type !== 'boolean')) {
    report(
      ['spec', 'features'],
      'no feature is numeric and scored',
      'give at least one feature of type real, positive, integer or unit the role score',
    );
  }
  return features;
}

function resolveFeature(feature: FeatureDocument, nullable: ReadonlySet<string>): FeatureOptions {
  const from = feature.from ?? feature.name;
  return {
    name: feature.name,
    type: feature.type,
    from,
    role: feature.type === 'cyclic' ? 'context' : (feature.role ?? 'score'),
    nullable:
      nullable.has(feature.name) ||
      expressionNames(from).columns.some((column) => nullable.has(column)) ||
      hasMissingPast(from),
    maxLevels: feature.maxLevels,
    period: feature.type === 'cyclic' ? periodOf(feature.period) : null,
  };
}

/**
 * Any window may have a missing value: its past may not have been read, or the entity may have
 * none.
 */
const hasMissingPast = (expression: Expression): boolean => windowExpressions(expression).length > 0;

function periodOf(period: string | number | undefined): number | null {
  return typeof period === 'string' ? (parseDurationMs(period) ?? null) : (period ?? null);
}

function checkType(feature: FeatureDocument, at: Path, report: Report): void {
  if (feature.type === 'cyclic') {
    if (feature.period === undefined) {
      report([...at, 'period'], 'required for type cyclic, but absent', 'add the length of a cycle, such as 1d');
    } else if (periodOf(feature.period) === null) {
      report([...at, 'period'], `found "${feature.period}"`, 'expected a duration longer than zero');
    }
    if (feature.role === 'score') {
      report(
        [...at, 'role'],
        'a cyclic feature conditions the density and is not scored',
        'remove it or write context',
      );
    }
  } else if (feature.period !== undefined) {
    report([...at, 'period'], `type ${feature.type} has no period`, 'remove it or write type: cyclic');
  }
  const scale = outermostScale(feature.from);
  if (scale !== null && feature.type !== 'real') {
    report(
      [...at, 'from'],
      `type ${feature.type} on a scale of its own (${scale})`,
      `write type: real, or leave out ${scale}`,
    );
  }
  if (feature.maxLevels !== undefined && feature.type !== 'categorical') {
    report([...at, 'maxLevels'], `type ${feature.type} has no levels to count`, 'remove it or write type: categorical');
  }
}

/** Change of scale that an expression declares. Only real features may have one. */
function outermostScale(from: FeatureDocument['from']): 'log' | 'asinh' | null {
  if (typeof from !== 'object') return null;
  if ('log' in from) return 'log';
  return 'asinh' in from ? 'asinh' : null;
}

/** Checks that windows have an entity, and that they are over events and not over other windows. */
function checkWindows(feature: FeatureOptions, hasKey: boolean, at: Path, report: Report): void {
  const path = [...at, 'from'];
  const windows = windowExpressions(feature.from);
  for (const window of windows) {
    if (operandsOf(window).some((operand) => windowExpressions(operand).length > 0)) {
      report(path, 'a window over a window', 'write it over a field, or over a value derived from one event');
    }
    if ('lag' in window) continue;
    const { of, statistic, over } = window.rolling;
    if (of === undefined && statistic !== 'count') {
      report(path, `a rolling ${statistic} of nothing`, 'name a field under of; only a count needs none');
    }
    if (typeof over === 'string' && parseDurationMs(over) === undefined) {
      report(path, `found over: "${over}"`, 'expected a duration longer than zero, or a number of events');
    }
  }
  if (windows.length > 0 && !hasKey) {
    report(path, 'a window without an entity', 'name the fields of the entity under spec.source.key');
  }
}

function checkNames(
  feature: FeatureDocument,
  lookups: Readonly<Record<string, unknown>>,
  at: Path,
  report: Report,
): void {
  const names = expressionNames(feature.from ?? feature.name);
  const declared = Object.keys(lookups);
  for (const { table } of names.lookups) {
    if (declared.includes(table)) continue;
    const guess = nearest(table, declared);
    report(
      [...at, 'from'],
      `no lookup table is called "${table}"`,
      guess === undefined ? `declare it under spec.lookups` : `did you mean "${guess}"?`,
    );
  }
  for (const zone of names.timezones) {
    if (!isTimezone(zone))
      report([...at, 'from'], `"${zone}" is not a time zone`, 'name an IANA zone such as Europe/Paris');
  }
}
