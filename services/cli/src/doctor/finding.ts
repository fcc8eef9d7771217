import type { SurveyedBackend } from '@flowline/engine';
import { errorReport } from '@flowline/telemetry';

/** Finding of a check. */
export interface DoctorFinding {
  readonly check: string;
  /** `skipped`: the check did not apply, or one that it depends on had failed. */
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
  readonly remedy: string | null;
  /** Survey of a compute backend, for programs. */
  readonly backend?: SurveyedBackend;
}

export const ok = (check: string, detail: string): DoctorFinding => ({ check, status: 'ok', detail, remedy: null });
export const skipped = (check: string, detail: string): DoctorFinding => ({
  check,
  status: 'skipped',
  detail,
  remedy: null,
});
export const warning = (check: string, detail: string, remedy: string): DoctorFinding => ({
  check,
  status: 'warning',
  detail,
  remedy,
});
export const failed = (check: string, detail: string, remedy: string): DoctorFinding => ({
  check,
  status: 'failed',
  detail,
  remedy,
});

/** Converts an error to a finding. */
export function failure(check: string, error: unknown): DoctorFinding {
  const { code, message, remedy } = errorReport(error);
  return failed(check, `${code}: ${message}`, remedy ?? 'See the message.');
}

/** Runs a check; an error that it throws becomes its finding. */
export async function finding(
  check: string,
  run: () => Promise<DoctorFinding> | DoctorFinding,
): Promise<DoctorFinding> {
  try {
    return await run();
  } catch (error) {
    return failure(check, error);
  }
}
