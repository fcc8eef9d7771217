import { decisionTests, FlowlineError } from '@flowline/events';
import { type Command, Option } from 'commander';

import { choice } from '../command.ts';
import { namesOf } from '../fit/table-file.ts';
import { parseChoice, parseCount, parseProbability } from '../parse-options.ts';
import type { EvaluationRequest } from './evaluate-table.ts';

/** Options of commands that train and test on labelled rows; the label is the command's own. */
export interface EvaluationOptions {
  readonly normal?: string;
  readonly protocol?: string;
  readonly seeds?: string;
  readonly test?: string;
  readonly members?: string;
  readonly steps?: string;
  readonly alpha?: string;
  readonly ignore?: string;
  readonly baselines?: true;
}

const protocols = ['one-class', 'contaminated'] as const;
const MOST_SEEDS = 100;
const DEFAULT_ALPHA = 0.01;

/** Adds the options of an evaluation, besides `--label`. */
export function withEvaluationOptions(command: Command): Command {
  return command
    .option('--normal <value>', 'label of the normal rows; every other one is an anomaly')
    .addOption(
      choice(
        '--protocol <protocol>',
        'one-class (default): train on half of the normal rows; contaminated: on 70 % of all rows, unlabelled',
        protocols,
      ),
    )
    .option('--seeds <n>', 'trainings, each with a split and a seed of its own: 0, 1, … (default: 1)')
    .addOption(choice('--test <test>', 'statistic that decides, as `decision.test` (default: outlying)', decisionTests))
    .option('--members <n>', 'flows of the ensemble (default: 1)')
    .option('--steps <n>', 'maximum training steps, for a quick trial (default: those of every training)')
    .option('--baselines', 'compare with nearest neighbours, LOF, mixtures, forests and others, on the same splits')
    .addOption(new Option('--ignore <columns>', 'columns to leave out, separated by commas'));
}

/**
 * Request of an evaluation, by the options.
 * @throws FlowlineError FLOWLINE_USAGE.
 */
export function evaluationRequest(label: string, options: EvaluationOptions): EvaluationRequest {
  const { normal, ignore, protocol, seeds, test, members, steps, alpha, baselines } = options;
  return {
    ...{ label, normal, ignore: namesOf(ignore) },
    protocol: protocol === undefined ? 'one-class' : parseChoice('--protocol', protocol, protocols),
    seeds: seeds === undefined ? 1 : atMost('--seeds', parseCount('--seeds', seeds), MOST_SEEDS),
    test: test === undefined ? 'outlying' : parseChoice('--test', test, decisionTests),
    members: members === undefined ? 1 : parseCount('--members', members),
    steps: steps === undefined ? null : parseCount('--steps', steps),
    alpha: alpha === undefined ? DEFAULT_ALPHA : parseProbability('--alpha', alpha),
    baselines: baselines === true,
  };
}

function atMost(option: string, count: number, most: number): number {
  if (count <= most) return count;
  throw new FlowlineError('FLOWLINE_USAGE', `${option} is ${count}; expected at most ${most}.`, {
    where: option,
    remedy: 'See --help for examples.',
  });
}
