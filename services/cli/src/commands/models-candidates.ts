import { listModelCandidates, listModels, type ModelCandidate } from '@flowline/db';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatCount, formatNumber, formatTable, printResult } from '../output.ts';
import { parseCount } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';
import { modelMissing } from './models-show.ts';

interface CandidatesOptions {
  readonly json?: true;
}

/** `flowline models candidates DETECTOR [VERSION]`: the leaderboard that it was chosen from. */
export function candidatesCommand(): Command {
  return command(
    'candidates <detector> [version]',
    'List the candidates that a model was chosen from (model.family: auto): likelihood, size, seconds, and the reason.',
    [
      'flowline models candidates checkout-latency',
      'flowline models candidates checkout-latency 7 --json | jq ".[] | select(.chosen)"',
    ],
  ).action(
    action(async (detector: string, text: string | undefined, options: CandidatesOptions) => {
      const version = text === undefined ? null : parseCount('[version]', text);
      const candidates = await withDatabase(async (db) => {
        const models = await listModels(db, detector);
        const found = models.find((one) => (version === null ? one.champion : one.version === version));
        if (found === undefined) throw modelMissing(detector, version);
        return listModelCandidates(db, { detector, version: found.version });
      });
      printResult(candidates, options.json === true, formatCandidates);
    }),
  );
}

function formatCandidates(candidates: readonly ModelCandidate[]): string {
  if (candidates.length === 0) return 'no candidates: the family was named. With model.family: auto, it is chosen';
  return formatTable(
    ['', 'candidate', 'parameters', 'held-out nats', 'against the best', 'seconds', 'reason'],
    candidates.map((each) => [
      each.chosen ? '→' : '',
      each.candidate,
      formatCount(each.parameters),
      withError(each.heldOutNllNats, each.heldOutStandardError),
      each.gainNats === 0 ? 'the best' : withError(each.gainNats, each.gainStandardError),
      each.seconds === null ? '' : formatNumber(each.seconds, 2),
      each.reason,
    ]),
  );
}

const withError = (mean: number | null, error: number | null): string =>
  mean === null || error === null ? '' : `${formatNumber(mean, 4)} ± ${formatNumber(error, 2)}`;
