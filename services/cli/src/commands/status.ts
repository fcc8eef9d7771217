import { loadSettings, readDefinition } from '@flowline/config';
import { type Database, getDetector, listDetectors, readPositions, type StoredDetector } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { createKafkaClient, KafkaAdmin } from '@flowline/kafka';
import { silentLogger } from '@flowline/telemetry';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { type TopicLag, topicLag } from '../kafka-lag.ts';
import { formatCount, formatNumber, formatTime, printResult } from '../output.ts';
import { type DetectorStatus, detectorStatus } from '../status/detector-status.ts';
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
      const statuses = await withDatabase(async (db) => {
        const stored = detector === undefined ? await listDetectors(db) : [await getDetector(db, detector)];
        return withLag(db, stored, await Promise.all(stored.map((one) => detectorStatus(db, one))));
      });
      printResult(statuses, options.json === true, formatStatuses);
    }),
  );
}

/**
 * Adds the lag of each detector, if the environment names brokers. All else comes from Postgres, so
 * a broker that does not answer leaves only the lag unknown.
 */
async function withLag(
  db: Database,
  stored: readonly StoredDetector[],
  statuses: readonly DetectorStatus[],
): Promise<DetectorStatus[]> {
  const { brokers, ...access } = loadSettings().kafka;
  if (brokers === null) return [...statuses];
  const connecting = KafkaAdmin.connect(createKafkaClient({ brokers, ...access, log: silentLogger }));
  try {
    return await Promise.all(
      statuses.map(async (status, i) => {
        const { kafka } = readDefinition(stored[i]?.definition, status.detector).source;
        if (kafka === null) return status;
        const positions = await readPositions(db, status.detector, kafka.topic);
        const lag = await lagOrReason(async () => topicLag(await connecting, kafka.topic, positions));
        return { ...status, ...lag };
      }),
    );
  } finally {
    await connecting.then(
      (admin) => admin.close(),
      () => undefined,
    );
  }
}

async function lagOrReason(look: () => Promise<TopicLag>): Promise<Pick<DetectorStatus, 'lag' | 'lagUnknown'>> {
  try {
    return { lag: await look(), lagUnknown: null };
  } catch (error) {
    if (!(error instanceof FlowlineError)) throw error;
    return { lag: null, lagUnknown: error.message };
  }
}

function formatStatuses(statuses: readonly DetectorStatus[]): string {
  if (statuses.length === 0) return 'no detector yet: apply one with `flowline apply <file>`';
  return statuses.map(formatStatus).join('\n\n');
}

function formatStatus({
  detector,
  state,
  definition,
  scoring,
  aliases,
  findings,
  lag,
  lagUnknown,
  alarms,
  limitedWindows,
}: DetectorStatus): string {
  const names = Object.entries(aliases).flatMap(([alias, version]) =>
    version === null ? [] : [`${alias} ${version}`],
  );
  const scores =
    scoring?.modelVersion == null
      ? 'nothing'
      : `model version ${scoring.modelVersion}, by definition version ${scoring.definitionVersion ?? '?'}, ` +
        `alpha ${formatNumber(scoring.alpha ?? NaN)}, since ${scoring.since === null ? '?' : formatTime(scoring.since)}`;
  const rows: [string, string][] = [
    ['definition', `version ${definition.version}, applied ${formatTime(definition.appliedAt)}`],
    ['scores', scores],
    ['models', names.length === 0 ? 'none' : names.join(', ')],
    [
      'alarms',
      `${formatCount(alarms.measured)} of ${formatCount(alarms.events)} events in ${alarms.days} days, ${formatNumber(alarms.expected)} expected`,
    ],
  ];
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
  const lines = rows.map(([label, text]) => `  ${label.padEnd(11)} ${text}`);
  const reasons = findings.flatMap(({ code, reason, remedy }) => [`  ! ${code}: ${reason}`, `    → ${remedy}`]);
  return [`${detector}: ${state}`, ...lines, ...reasons].join('\n');
}
