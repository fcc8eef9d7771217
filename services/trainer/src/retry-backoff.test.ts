import { FlowlineError } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { backoffAfter } from './retry-backoff.ts';

describe('backoff of a training', () => {
  const away = new FlowlineError('FLOWLINE_DATABASE_UNREACHABLE', 'away', { retryable: true });

  it('grows from a minute to an hour, with jitter, for a reason that may pass', () => {
    const seconds = [1, 2, 3, 4].map((attempt) => backoffAfter(away, attempt, 0)?.seconds);
    expect(seconds).toEqual([60, 240, 960, 3_840]);
    expect(backoffAfter(away, 2, 0.5)).toEqual({ seconds: 300, maxAttempts: 5 });
  });

  it('is none for a training that a signal ended, which goes on at once', () => {
    const aborted = new FlowlineError('FLOWLINE_ABORTED', 'Training was cancelled; the champion is unchanged.');
    expect(backoffAfter(aborted, 7, 0.9)).toEqual({ seconds: 0, maxAttempts: 100 });
  });

  it.each([new FlowlineError('FLOWLINE_HISTORY_TOO_SMALL', 'too few rows'), new Error('a bug'), 'text'])(
    'is null where waiting changes nothing: %s',
    (error) => {
      expect(backoffAfter(error, 1, 0)).toBeNull();
    },
  );
});
