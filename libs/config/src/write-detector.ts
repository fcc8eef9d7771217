import { at, formatDurationMs, windowExpressions } from '@flowline/events';

import { type DetectorDefinition, definitionSchema, type FalseAlarmControl } from './detector-definition.ts';
import { RATE_PATTERN } from './detector-document.ts';
import { expressionNames } from './expression-names.ts';
import { type WriteForm, writtenOptions } from './write-options.ts';

type Feature = DetectorDefinition['features'][number];
type Options = Readonly<Record<string, unknown>>;

const { source, history, model, training, alerts, compute, retention } = definitionSchema.shape;

/** Spec of a detector as people write it: resolved, it is the definition again. */
export function writtenDetector(definition: DetectorDefinition, form: WriteForm): Options {
  const section = (name: string, options: Options) =>
    Object.keys(options).length === 0 && !form.defaults ? {} : { [name]: options };
  const nullable = nullableNames(definition.features);
  return {
    source: writtenSource(definition, form),
    history: writtenHistory(definition, form),
    ...(Object.keys(definition.lookups).length === 0 ? {} : { lookups: writtenLookups(definition) }),
    features: definition.features.map((feature) => writtenFeature(feature, form)),
    ...(nullable.length === 0 ? {} : { missing: { nullable } }),
    ...section('model', writtenOptions(model.unwrap(), definition.model, form)),
    training: writtenOptions(training, definition.training, form),
    decision: {
      ...(form.defaults ? { test: definition.decision.test } : {}),
      control: writtenControl(definition.decision.control),
    },
    ...section('alerts', writtenOptions(alerts.unwrap(), definition.alerts, form)),
    ...section('compute', writtenOptions(compute.unwrap(), definition.compute, form)),
    ...section('retention', writtenOptions(retention.unwrap(), definition.retention, form)),
  };
}

function writtenSource(definition: DetectorDefinition, form: WriteForm): Options {
  const written = writtenOptions(source, definition.source, form);
  const startFrom = definition.source.kafka?.startFrom;
  if (typeof startFrom !== 'object') return written;
  const timestamp = new Date(startFrom.timestampMs).toISOString();
  return { ...written, kafka: { ...(written.kafka as Options), startFrom: { timestamp } } };
}

function writtenHistory({ history: resolved, source: { time } }: DetectorDefinition, form: WriteForm): Options {
  const { timeColumn, ...written } = writtenOptions(history, resolved, form);
  if (resolved.query === null) return { from: 'scored_events', ...written };
  const isDerived = timeColumn === time.field && !form.defaults;
  return { ...written, ...(isDerived ? {} : { timeColumn }) };
}

const writtenLookups = ({ lookups }: DetectorDefinition): Options =>
  Object.fromEntries(
    Object.entries(lookups).map(([name, lookup]) => [name, 'table' in lookup ? lookup.table : lookup]),
  );

/** A feature, without whether it may be missing, which is written for all of them. */
function writtenFeature({ name, type, from, role, maxLevels, period }: Feature, { defaults }: WriteForm): Options {
  const isDefault = { from: from === name, role: role === 'score' || type === 'cyclic', maxLevels: maxLevels === 64 };
  return {
    ...{ name, type },
    ...(isDefault.from && !defaults ? {} : { from }),
    ...(isDefault.role && !(defaults && type !== 'cyclic') ? {} : { role }),
    ...(type !== 'categorical' || (isDefault.maxLevels && !defaults) ? {} : { maxLevels }),
    ...(period === null ? {} : { period: writtenPeriod(period) }),
  };
}

/** Period as a duration, if it is one of whole minutes: that of a time, most probably. */
const writtenPeriod = (period: number): number | string =>
  period % MINUTE_MS === 0 ? formatDurationMs(period) : period;

const MINUTE_MS = 60_000;

/**
 * Names under `missing.nullable` by which exactly these features are nullable: of each, its own
 * name or one of its columns that no feature which must have a value has, too.
 */
function nullableNames(features: readonly Feature[]): string[] {
  const namesOf = ({ name, from }: Feature): string[] => [name, ...expressionNames(from).columns];
  const needed = new Set(features.flatMap((feature) => (feature.nullable ? [] : namesOf(feature))));
  const chosen = features.flatMap((feature) => {
    if (!feature.nullable || windowExpressions(feature.from).length > 0) return [];
    return namesOf(feature)
      .filter((name) => !needed.has(name))
      .slice(0, 1);
  });
  return [...new Set(chosen)];
}

const PERIODS = [
  ['day', 1],
  ['week', 7],
  ['hour', 1 / 24],
] as const;

/**
 * Bound on false alarms, as it is; of a number per day, the shortest rate from which the same
 * number of a day is read.
 */
function writtenControl(control: FalseAlarmControl): Options {
  if (!('falseAlarmsPerDay' in control)) return control;
  const perDay = control.falseAlarmsPerDay;
  const rates = PERIODS.flatMap(([period, days]) => {
    const amounts = [perDay * days, Number((perDay * days).toPrecision(12))].map(decimal);
    return amounts.filter((amount) => Number(amount) / days === perDay).map((amount) => `${amount}/${period}`);
  }).filter((rate) => RATE_PATTERN.test(rate));
  return {
    falseAlarms: at(
      rates.toSorted((a, b) => a.length - b.length),
      0,
    ),
  };
}

/** Decimal text of a number, without an exponent. */
function decimal(value: number): string {
  const [digits = '', exponent] = String(value).split('e');
  if (exponent === undefined) return digits;
  const [whole = '', fraction = ''] = digits.split('.');
  const point = whole.length + Number(exponent);
  const all = whole + fraction;
  if (point <= 0) return `0.${'0'.repeat(-point)}${all}`;
  return `${all.slice(0, point).padEnd(point, '0')}${point < all.length ? `.${all.slice(point)}` : ''}`;
}
