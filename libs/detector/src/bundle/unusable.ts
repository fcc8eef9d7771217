import { type ErrorCode, FlowlineError } from '@flowline/events';

/** Error of a bundle that cannot be used. */
export function unusable(code: ErrorCode, finding: string, cause?: unknown): FlowlineError {
  return new FlowlineError(code, `the model cannot be used: ${finding}`, {
    where: 'model bundle',
    remedy:
      code === 'FLOWLINE_MODEL_CORRUPTED'
        ? 'restore the bytes from where they were stored, or train again'
        : 'train again with this release and this version of the detector',
    ...(cause === undefined ? {} : { cause }),
  });
}
