import type { TrainedModel } from '@flowline/trainer';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { checkReport, withReportOption, writeReport } from '../report/report-file.ts';

interface TrainOptions {
  readonly json?: true;
  readonly promote?: string;
  readonly recalibrate?: true;
  readonly report?: string | true;
}

/** `flowline train NAME`: runs one training with the trainer's own program. */
export function trainCommand(): Command {
  const created = command(
    'train <detector>',
    'Train a detector on its history now, and promote the model if it is not worse.',
    [
      'flowline train checkout-latency',
      'flowline train checkout-latency --promote never    # keep the champion in any case',
      'flowline train checkout-latency --promote always   # even if its alarms are far above the requested rate',
      'flowline train checkout-latency --recalibrate      # the same weights, with p-values of newer rows',
      'flowline train checkout-latency --report           # and a page about the model',
      'flowline train checkout-latency --json | jq .promoted',
    ],
  );
  return withReportOption(created)
    .option(
      '--promote <when>',
      'auto: if it is not worse and its alarm rate is as requested; always: in any case; never: by hand (default: training.promote)',
    )
    .option('--recalibrate', "keep the champion's weights and calibrate its p-values again, on rows newer than those")
    .addHelpText(
      'after',
      '\nExits with 3 if a first model is held back, so that nothing scores; `flowline status` shows the reason.',
    )
    .action(action(train));
}

async function train(detector: string, { promote, recalibrate, json, report }: TrainOptions): Promise<number> {
  const page = await checkReport(report, []);
  const { runTrainer } = await import('@flowline/trainer');
  const promotion = promote === undefined ? [] : [`--promote=${promote}`];
  const kind = recalibrate === true ? ['--recalibrate'] : [];
  const args = ['--once', detector, ...kind, ...promotion, ...(json === true ? ['--json'] : [])];
  const trained: TrainedModel[] = [];
  const code = await runTrainer(args, page === null ? undefined : (model) => trained.push(model));
  const [model] = trained;
  if (page !== null && model !== undefined) await writeReport(page, await reportOf(model), json === true);
  return code;
}

/** Report on a model of the trainer, on the history that the trainer has read. */
async function reportOf({ bundle, report, table, test, outcome, warnings }: TrainedModel): Promise<string> {
  const { createDetector } = await import('../score/index.ts');
  const { commandLine, trainedReport } = await import('../report/index.ts');
  const { detector: name, modelVersion, alpha, promoted, reason } = outcome;
  const detector = await createDetector(bundle, { alpha, compute: null });
  try {
    return await trainedReport(
      { detector, report, table, test },
      {
        title: `${name}, model version ${modelVersion}`,
        where: `the history of ${name}`,
        leftOut: [],
        warnings: [
          ...(promoted ? [] : [`The model is held back, and does not score: ${reason}`]),
          ...warnings,
          ...report.warnings,
        ],
        command: commandLine(),
      },
    );
  } finally {
    detector.dispose();
  }
}
