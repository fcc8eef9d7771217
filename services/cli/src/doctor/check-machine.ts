import { surveyTraining, type TrainingCompute } from '@flowline/detector';
import { surveyBackends, type SurveyedBackend } from '@flowline/engine';

import { formatCount } from '../output.ts';
import { type DoctorFinding, failed, failure, ok, skipped, warning } from './finding.ts';

const MINIMUM_NODE = [20, 19] as const;

/** Checks the version of Node. */
export function checkNode(version: string): DoctorFinding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const recent = major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1]);
  if (recent) return ok('node', version);
  return failed('node', `${version} is too old`, `Install Node ${MINIMUM_NODE.join('.')} or newer.`);
}

/**
 * Checks each compute backend: availability and device, or the reason why it does not run, and its
 * speed on a small standard model.
 */
export async function checkBackends(forced: string | null): Promise<DoctorFinding[]> {
  try {
    return (await surveyBackends()).map((backend) => ({ ...describe(backend, forced), backend }));
  } catch (error) {
    return [failure('backends', error)];
  }
}

/**
 * Describes a backend as a finding. An optional backend may be absent, unless it is forced.
 * @param forced value of FLOWLINE_SCORING_BACKEND.
 */
export function describe(backend: SurveyedBackend, forced: string | null): DoctorFinding {
  const { name, available, optional, device, why, remedy, eventsPerSecond, batch } = backend;
  const check = `backend ${name}`;
  if (available) {
    const rate = formatCount(Math.round(eventsPerSecond ?? 0));
    const role = name === forced ? '; set by FLOWLINE_SCORING_BACKEND' : '';
    return ok(check, `${rate} events/s at batch ${batch} on ${device ?? ''}${role}`);
  }
  const reason = why ?? 'it does not run';
  return optional && name !== forced ? skipped(check, `not available: ${reason}`) : failed(check, reason, remedy ?? '');
}

/** Checks the code that detectors are trained with here by default. */
export async function checkTraining(tensors: 'wasm' | 'cpu'): Promise<DoctorFinding> {
  try {
    return describeTraining(await surveyTraining(`tfjs-${tensors}`));
  } catch (error) {
    return failure('training', error);
  }
}

/** Describes the code that trains as a finding: without compiled code training is far slower. */
export function describeTraining({ backend, reason }: TrainingCompute): DoctorFinding {
  if (backend === 'engine') return ok('training', reason);
  return warning('training', reason, 'Training works, but takes many times as long as with compiled code.');
}
