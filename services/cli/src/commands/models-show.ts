import { listModels, listTrainingRuns, type ModelSummary, type TrainingRun } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatCount, formatNumber, formatTime, printResult } from '../output.ts';
import { parseCount } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

interface ShowOptions {
  readonly json?: true;
}

interface ShownModel extends ModelSummary {
  /** Training run that made the model; null if the run is not kept. */
  readonly run: TrainingRun | null;
}

/** `flowline models show DETECTOR [VERSION]`: shows a model and the result of its training. */
export function showCommand(): Command {
  return command('show <detector> [version]', 'Show a model: its history, its report, and why it scores or not.', [
    'flowline models show checkout-latency',
    'flowline models show checkout-latency 7 --json | jq .run.metrics',
  ]).action(
    action(async (detector: string, text: string | undefined, options: ShowOptions) => {
      const version = text === undefined ? null : parseCount('[version]', text);
      const model = await withDatabase(async (db) => {
        const models = await listModels(db, detector);
        const found = models.find((one) => (version === null ? one.champion : one.version === version));
        if (found === undefined) throw modelMissing(detector, version);
        const runs = await listTrainingRuns(db, detector, 1_000);
        return { ...found, run: runs.find((run) => run.modelVersion === found.version) ?? null };
      });
      printResult(model, options.json === true, formatModel);
    }),
  );
}

function formatModel({
  detector,
  version,
  detectorVersion,
  alpha,
  sha256,
  bytes,
  createdAt,
  aliases,
  run,
}: ShownModel) {
  const { promotion, training } = (run?.metrics ?? {}) as {
    readonly promotion?: { readonly reason: string };
    readonly training?: {
      readonly alarms: { readonly alarms: number; readonly testRows: number; readonly expectedRate: number };
    };
  };
  const alarms = training?.alarms;
  const rows: [string, string][] = [
    ['goes by', aliases.length === 0 ? 'no alias' : aliases.join(', ')],
    ['trained', `${formatTime(createdAt)}, for definition version ${detectorVersion}`],
    ['alpha', `${formatNumber(alpha)} when it was trained`],
    ['bytes', `${formatCount(bytes)}, sha256 ${sha256}`],
  ];
  if (alarms !== undefined) {
    const expected = formatNumber(alarms.expectedRate * alarms.testRows, 2);
    rows.push(['held out', `${alarms.alarms} alarms in ${formatCount(alarms.testRows)} rows, ${expected} expected`]);
  }
  if (promotion !== undefined) rows.push([run?.promoted === true ? 'promoted' : 'held back', promotion.reason]);
  return [
    `${detector}, model version ${version}`,
    ...rows.map(([label, text]) => `  ${label.padEnd(10)} ${text}`),
  ].join('\n');
}

/** Creates the error for a version that a detector does not have; null: for a missing champion. */
export function modelMissing(detector: string, version: number | null): FlowlineError {
  const what = version === null ? 'no champion yet' : `no model version ${version}`;
  return new FlowlineError('FLOWLINE_MODEL_MISSING', `The detector ${detector} has ${what}.`, {
    where: detector,
    remedy: `List them with \`flowline models ls ${detector}\`.`,
  });
}
