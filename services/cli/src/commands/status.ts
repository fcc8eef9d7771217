import { loadSettings } from '@flowline/config';
import { type Database, getDetector, listDetectors, readAlarmDays } from '@flowline/db';
import { type DetectorStatus, detectorStatuses } from '@flowline/operations';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatCount, formatNumber, formatTime, printResult } from '../output.ts';
import { alarmDaysLine, hasTextCharts } from '../text-charts.ts';
import { withDatabase } from '../with-database.ts';

interface StatusOptions {
  readonly json?: true;
}

/**
 * `flowline status [DETECTOR]`: shows which definition and model score, since when, and why not the
 * newest.
 */
export function statusCommand(): Command {
  return command(
    'status [detector]',
    'Show which definition and model score, since when, and why the newest does not.',
    ['flowline status', 'flowline status checkout-latency --json | jq ".[0].findings"'],
  ).action(
    action(async (detector: string | undefined, options: StatusOptions) => {
      const json = options.json === true;
      const { statuses, days } = await withDatabase(async (db) => {
        const stored = detector === undefined ? await listDetectors(db) : [await getDetector(db, detector)];
        const found = await detectorStatuses(db, stored, loadSettings().kafka);
        return { statuses: found, days: !json && hasTextCharts() ? await daysOf(db, found) : new Map() };
      });
      printResult(statuses, json, () => formatStatuses(statuses, days));
    }),
  );
}

/** Days of event time whose alarms are drawn. */
const DAYS = 30;

/** Alarms by day of event time of each detector, drawn; without a detector that has fewer days. */
async function daysOf(db: Database, statuses: readonly DetectorStatus[]): Promise<ReadonlyMap<string, string>> {
  const drawn = new Map<string, string>();
  for (const { detector } of statuses) {
    const days = await readAlarmDays(db, detector, DAYS);
    if (days.length > 1) drawn.set(detector, alarmDaysLine(days));
  }
  return drawn;
}

function formatStatuses(statuses: readonly DetectorStatus[], days: ReadonlyMap<string, string>): string {
  if (statuses.length === 0) return 'no detector yet: apply one with `flowline apply <file>`';
  return statuses.map((status) => formatStatus(status, days.get(status.detector) ?? null)).join('\n\n');
}

function formatStatus(status: DetectorStatus, days: string | null): string {
  const rows = [...rowsOf(status), ...(days === null ? [] : [['alarms/day', days] as const])];
  const { detector, state, findings, drift } = status;
  const lines = rows.map(([label, text]) => `  ${label.padEnd(11)} ${text}`);
  const reasons = findings.flatMap(({ code, reason, remedy }) => [`  ! ${code}: ${reason}`, `    → ${remedy}`]);
  if (drift.remedy !== null) reasons.push(`  → drift: ${drift.remedy}`);
  return [`${detector}: ${state}`, ...lines, ...reasons].join('\n');
}

function rowsOf({
  definition,
  scoring,
  aliases,
  lag,
  lagUnknown,
  alarms,
  drift,
  limitedWindows,
  repeats,
}: DetectorStatus): readonly (readonly [string, string])[] {
  const names = Object.entries(aliases).flatMap(([alias, version]) =>
    version === null ? [] : [`${alias} ${version}`],
  );
  const scores =
    scoring?.modelVersion == null
      ? 'nothing'
      : `model version ${scoring.modelVersion}, by definition version ${scoring.definitionVersion ?? '?'}, ` +
        `${scoring.alpha === null ? 'by its false discovery rate' : `alpha ${formatNumber(scoring.alpha)}`}, since ${scoring.since === null ? '?' : formatTime(scoring.since)}`;
  const rows: [string, string][] = [
    ['definition', `version ${definition.version}, applied ${formatTime(definition.appliedAt)}`],
    ['scores', scores],
    ['models', names.length === 0 ? 'none' : names.join(', ')],
    [
      'alarms',
      `${formatCount(alarms.measured)} of ${formatCount(alarms.events)} events in ${alarms.days} days, ${formatNumber(alarms.expected)} expected`,
    ],
  ];
  if (drift.state !== 'unchecked') rows.push(['drift', driftWords(drift)]);
  if (lag !== null) {
    rows.push([
      'lag',
      lag.records === 0 ? 'none' : `${formatCount(lag.records)} records, ${formatCount(lag.seconds)} s`,
    ]);
  }
  if (lagUnknown !== null) rows.push(['lag', `unknown: ${lagUnknown}`]);
  for (const { topic, partition, limits } of limitedWindows) {
    rows.push([
      'windows',
      `of ${topic}[${partition}] reached limits: ${limits.join(', ')} (flowline_window_limited_total)`,
    ]);
  }
  if (repeats.lastDay > 0) {
    rows.push(['duplicates', `${formatCount(repeats.lastDay)} records in the last day repeat an event id: not scored`]);
  }
  for (const { topic, partition } of repeats.forgetful) {
    rows.push([
      'event ids',
      `of ${topic}[${partition}] are forgotten before source.deduplicate.window is over: maxIds is too small`,
    ]);
  }
  return rows;
}

function driftWords({ state, day, since, moved }: DetectorStatus['drift']): string {
  if (state !== 'drifted') return `none, as of ${day ?? '?'}`;
  const features = moved.map(({ feature, change }) => `${feature} (${change})`).join(', ');
  return `the data have drifted since ${since ?? '?'}${features === '' ? '' : `: ${features}`}, as of ${day ?? '?'}`;
}
