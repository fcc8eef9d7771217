import { FlowlineError } from '@flowline/events';

/** Creates the error for a run that somebody else has ended. */
export function runEnded(runId: number): FlowlineError {
  return new FlowlineError('FLOWLINE_ABORTED', `Training run ${runId} is not running any more.`, {
    where: `training run ${runId}`,
    remedy: 'Another trainer took over, or it was cancelled; see `flowline.training_runs`.',
  });
}
