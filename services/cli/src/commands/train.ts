import type { Command } from 'commander';

import { action, command } from '../command.ts';

interface TrainOptions {
  readonly json?: true;
  readonly promote?: string;
  readonly recalibrate?: true;
}

/** `flowline train NAME`: runs one training with the trainer's own program. */
export function trainCommand(): Command {
  return command('train <detector>', 'Train a detector on its history now, and promote the model if it is not worse.', [
    'flowline train checkout-latency',
    'flowline train checkout-latency --promote never    # keep the champion in any case',
    'flowline train checkout-latency --promote always   # even if its alarms are far above the requested rate',
    'flowline train checkout-latency --recalibrate      # the same weights, with p-values of newer rows',
    'flowline train checkout-latency --json | jq .promoted',
  ])
    .option(
      '--promote <when>',
      'auto: if it is not worse and its alarm rate is as requested; always: in any case; never: by hand (default: training.promote)',
    )
    .option('--recalibrate', "keep the champion's weights and calibrate its p-values again, on rows newer than those")
    .addHelpText(
      'after',
      '\nExits with 3 if a first model is held back, so that nothing scores; `flowline status` shows the reason.',
    )
    .action(
      action(async (detector: string, { promote, recalibrate, json }: TrainOptions) => {
        const { runTrainer } = await import('@flowline/trainer');
        const promotion = promote === undefined ? [] : [`--promote=${promote}`];
        const kind = recalibrate === true ? ['--recalibrate'] : [];
        return runTrainer(['--once', detector, ...kind, ...promotion, ...(json === true ? ['--json'] : [])]);
      }),
    );
}
