import { at } from '@flowline/events';

import type { CandidateReport } from './candidate-report.ts';
import type { Choice, ScoredCandidate } from './choose.ts';
import { meanNll } from './held-out-nats.ts';
import type { TrainedCandidate } from './train-candidates.ts';

/** Scored candidate with its training. */
interface Scored extends ScoredCandidate {
  readonly seconds: number;
  readonly trained: TrainedCandidate;
}

/** Reports on all candidates, the most likely first; last are those that could not be trained. */
export function leaderboard(
  trained: readonly TrainedCandidate[],
  choice: Choice<Scored>,
  scored: readonly Scored[],
): readonly CandidateReport[] {
  const reports = scored.map((each, i) => {
    const { mean, standardError, rows } = at(choice.gains, i);
    const own = { ...described(each.trained), seconds: each.seconds, rows, ...meanNll(each.logDensityNats) };
    const gains = { gainNats: mean, gainStandardError: standardError };
    return { ...own, ...gains, chosen: each === choice.chosen, reason: reasonOf(each, choice, mean + standardError) };
  });
  const failed = trained
    .filter(({ report }) => report === null)
    .map((each) => ({
      ...{ ...described(each), seconds: each.seconds, rows: 0, nllNats: null, standardError: null },
      ...{ gainNats: null, gainStandardError: null, chosen: false, reason: 'no validation loss was finite' },
    }));
  return [...reports.sort((a, b) => b.gainNats - a.gainNats), ...failed];
}

const described = ({ candidate, flow, report }: TrainedCandidate) => {
  const { name, family, partition, layers } = candidate;
  return { name, family, partition, layers, parameters: flow.parameterCount, steps: report?.steps ?? 0 };
};

function reasonOf(each: Scored, { chosen, best, isBeyondRecipe }: Choice<Scored>, upper: number): string {
  if (each === chosen && each.isRecipe) return 'the recipe: no other is more likely beyond doubt';
  if (each === chosen && each === best) return 'the most likely';
  if (each === chosen) return 'the simplest within one standard error of the most likely';
  if (chosen.isRecipe) return 'not more likely than the recipe beyond doubt';
  if (each.isRecipe) return 'the recipe, but others are more likely beyond doubt';
  if (upper < 0 || !isBeyondRecipe(each)) return 'less likely';
  return 'within one standard error of the most likely, but not the simplest';
}
