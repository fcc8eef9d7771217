import { errorReport } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { serviceError } from './service-error.ts';

describe('the error of a service', () => {
  it('is the one that the service reported', () => {
    const reported = {
      code: 'FLOWLINE_DATABASE_NOT_MIGRATED',
      message: 'The database has no Flowline schema yet.',
      where: 'localhost:5432/db',
      remedy: 'Run `flowline migrate`.',
      retryable: true,
    };
    expect(errorReport(serviceError('scorer', 1, { error: reported }))).toEqual(reported);
  });

  it('keeps the code of a fault that has no entry among the errors', () => {
    const reported = {
      code: 'FLOWLINE_UNEXPECTED',
      message: 'x is not a function',
      where: 'at f',
      remedy: 'Report it.',
    };
    expect(errorReport(serviceError('trainer', 1, { error: reported }))).toMatchObject(reported);
  });

  it('is about the held model where a training ended with one', () => {
    const outcome = { champion: null, reason: 'it alarms too often', remedy: 'Promote it by hand.' };
    expect(errorReport(serviceError('trainer', 3, outcome))).toMatchObject({
      code: 'FLOWLINE_MODEL_HELD',
      message: 'it alarms too often',
      remedy: 'Promote it by hand.',
    });
  });

  it.each([
    ['trainer', 'FLOWLINE_TRAINING_FAILED'],
    ['scorer', 'FLOWLINE_SCORER_SILENT'],
  ] as const)('of a %s without a result is %s, with the exit code', (service, code) => {
    expect(errorReport(serviceError(service, 137, null))).toMatchObject({
      code,
      message: `The ${service} ended with exit code 137.`,
      where: service,
    });
  });
});
